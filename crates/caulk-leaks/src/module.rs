//! What is asked of a whole program while its functions are followed: contracts of calls, summaries
//! of callees, calls that never return. Answers are kept; none depends on who asks first.
//!
//! The project's own functions are followed as far as they call each other. Those of dependencies are
//! followed on demand and a few calls deep: how far a walk may still go is part of every question, so
//! that the answer is the same whoever asks.
//!
//! Of the builds of a tree, each follows the functions of the files that no build before it has. What the others do is
//! asked of the build that has them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use caulk_flow::Calls;
use caulk_program::{
    BodyOwner, Builtin, Callee, Func, FuncId, PackageId, Program, SourceFile, TypeId, TypedBody,
};
use caulk_syntax::{ExprId, ExprKind};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::answers::{Answers, Memo};
use crate::body::Function;
use crate::body::recent::RecentFunctions;
use crate::catalogue::Catalogue;
use crate::channels::places::Place;
use crate::channels::uses::ChannelUses;
use crate::contract::Origin;
use crate::engine::Verdict;
use crate::inference::directive::Declared;
use crate::inference::field_uses::{FieldUses, Uses};
use crate::inference::habit::{Habits, Way};
use crate::inference::noted::Notes;
use crate::inference::owned::Results;
use crate::inference::summary::{Param, ParamEffect, ParamQuery};
use crate::looks::{Look, Looks};
use crate::sites::Site;

/// How many calls deep functions of dependencies are followed.
const DEPENDENCY_DEPTH: u8 = 5;

/// How many calls deep a dependency's function is looked into for one that never returns.
const EXIT_DEPTH: u8 = 3;

/// Parts of the names of functions that may never return.
const EXIT_WORDS: &[&str] = &["fatal", "panic", "exit", "die", "abort", "fail", "skip"];

/// How many calls further into dependencies a walk may go. A walk through the project's own code has
/// the full reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Reach(u8);

impl Reach {
    pub const FULL: Reach = Reach(DEPENDENCY_DEPTH);
    /// That of a walk through what implements an interface, which is followed behind one interface and not behind a second: there
    /// calls may go in circles.
    const BEHIND_INTERFACE: Reach = Reach(DEPENDENCY_DEPTH - 1);

    /// One call further; none where that is too far.
    pub fn one_less(self) -> Option<Reach> {
        self.0.checked_sub(1).map(Reach)
    }
}

/// The acquisitions of a body, each with what becomes of it.
pub(crate) type Verdicts = Arc<Vec<(Site, Verdict)>>;

/// The functions that are followed, with what is known of each so far.
pub(crate) struct Module<'p> {
    pub program: &'p Program,
    pub catalogue: &'p Catalogue,
    calls: &'p Calls,
    /// The build before this one.
    before: Option<&'p Module<'p>>,
    notes: RwLock<Notes>,
    /// The packages whose functions are followed here, by folder; for the builds after this one.
    folders: OnceLock<FxHashMap<PathBuf, Vec<PackageId>>>,
    homes: Memo<FuncId, Option<(usize, FuncId)>>,
    checked: FxHashSet<PackageId>,
    answers: Answers,
    sites: Memo<(BodyOwner, Reach), Verdicts>,
    /// What bodies get from functions that lead back to them.
    in_circles: Memo<BodyOwner, Verdicts>,
    ownable: Memo<TypeId, bool>,
    releasable: Memo<TypeId, bool>,
    /// Whether files that are not named so are there for tests alone.
    helping: Memo<PathBuf, bool>,
    declared: Memo<(FuncId, Param), Option<Declared>>,
    functions: RecentFunctions,
    fields: OnceLock<FieldUses>,
    asked: Mutex<Asked>,
    looks: Looks,
}

/// The answers that packages were given on the whole module: what a package's own findings hang on besides sources.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub implementers: BTreeMap<PackageId, ImplementersAsked>,
    pub fields: BTreeMap<PackageId, BTreeMap<(String, SmolStr), Uses>>,
    pub channels: BTreeMap<PackageId, ChannelsAsked>,
}

/// What is done with channels, by the places that one is known to be kept in.
pub(crate) type ChannelsAsked = BTreeMap<BTreeSet<Place>, ChannelUses>;

/// What implements methods of interfaces, by the interface's type and the method: each with how many builds before this
/// one has it.
pub(crate) type ImplementersAsked = BTreeMap<(String, SmolStr), Vec<(usize, FuncId)>>;

impl<'p> Module<'p> {
    /// The functions of a program, whose calls were read. For the summary of a function a call within its strongly connected
    /// component of the call graph is taken to borrow, and to return nothing that is owned, so that every summary rests on
    /// finished ones alone; what the call gives is owed all the same ([`Module::acquisitions`]). `before` is the build before this one of the same tree.
    pub fn of(
        program: &'p Program,
        catalogue: &'p Catalogue,
        calls: &'p Calls,
        before: Option<&'p Module<'p>>,
        notes: Notes,
    ) -> Module<'p> {
        Module {
            program,
            catalogue,
            calls,
            before,
            notes: RwLock::new(notes),
            folders: OnceLock::new(),
            homes: Memo::default(),
            checked: program.check_packages().iter().copied().collect(),
            answers: Answers::default(),
            sites: Memo::default(),
            in_circles: Memo::default(),
            ownable: Memo::default(),
            releasable: Memo::default(),
            helping: Memo::default(),
            declared: Memo::default(),
            functions: RecentFunctions::default(),
            fields: OnceLock::new(),
            asked: Mutex::default(),
            looks: Looks::of_build(before.map_or(0, |before| before.builds().count())),
        }
    }

    /// This build and those before it, the nearest first.
    pub fn builds(&self) -> impl Iterator<Item = &Module<'p>> {
        std::iter::successors(Some(self), |module| module.before)
    }

    /// The calls of this build, and of those before it.
    pub fn all_calls(&self) -> Vec<&'p Calls> {
        self.builds().map(|module| module.calls).collect()
    }

    /// Whether a body is followed here, and in no build before this one.
    pub fn has_body(&self, owner: BodyOwner) -> bool {
        self.calls.has_read(owner)
    }

    /// The build before this one in which a function of the project is followed, and its id there.
    fn home(&self, id: FuncId) -> Option<(&Module<'p>, FuncId)> {
        if self.before.is_none() || self.calls.components().contains_key(&id) {
            return None;
        }
        let (build, id) = self.homes.get(id, || {
            let is_own = self.checked.contains(&id.package)
                || caulk_flow::is_followed(self.program, id.package);
            let file = self.program.file_of(id).filter(|_| is_own)?;
            let place = self.program.func(id)?.decl.name.span.start;
            let mut builds = self.builds().enumerate().skip(1);
            builds.find_map(|(build, module)| Some((build, module.followed_at(&file.path, place)?)))
        })?;
        Some((self.builds().nth(build)?, id))
    }

    /// The function that is followed here whose name stands at this place.
    fn followed_at(&self, path: &Path, place: u32) -> Option<FuncId> {
        let packages = self.folders().get(path.parent()?)?;
        let followed = packages.iter().filter_map(|package| {
            let package = self.program.package(*package);
            let file = package.files().iter().position(|file| file.path == path)?;
            let at = (file, place);
            let place_of = |func: &Func| (func.file as usize, func.decl.name.span.start);
            let index = package.funcs().partition_point(|func| place_of(func) < at);
            let func = package.funcs().get(index)?;
            (place_of(func) == at).then(|| package.id_of(func))
        });
        followed
            .into_iter()
            .find(|id| self.calls.components().contains_key(id))
    }

    fn folders(&self) -> &FxHashMap<PathBuf, Vec<PackageId>> {
        self.folders.get_or_init(|| {
            let packages: FxHashSet<PackageId> = self
                .calls
                .components()
                .keys()
                .map(|id| id.package)
                .collect();
            let mut packages: Vec<PackageId> = packages.into_iter().collect();
            packages.sort_by_cached_key(|package| self.program.place_of(*package));
            let mut folders: FxHashMap<PathBuf, Vec<PackageId>> = FxHashMap::default();
            for package in packages {
                if let Some(folder) = self.program.folder_of(package) {
                    folders.entry(folder.to_owned()).or_default().push(package);
                }
            }
            folders
        })
    }

    /// Gives up what is only kept to be at hand, once all that was asked for here has been reported, to whoever takes it apart.
    pub fn rest(&self) -> impl Send + use<> {
        self.program.forget_bodies();
        let mut notes = self.notes.write().unwrap_or_else(PoisonError::into_inner);
        (
            self.functions.take(),
            self.sites.take(),
            self.in_circles.take(),
            std::mem::take(&mut *notes),
        )
    }

    /// Whether a callee's source is followed when `caller` calls it, and with which reach.
    pub fn follows(&self, reach: Reach, caller: Option<FuncId>, callee: FuncId) -> Followed {
        let into_own = || {
            let from_own = caller.is_some_and(|id| self.is_own(id));
            match reach == Reach::FULL || from_own && reach == Reach::BEHIND_INTERFACE {
                true => Followed::Yes(reach),
                // A dependency that calls back into the project.
                false => Followed::No,
            }
        };
        if self.home(callee).is_some() {
            return into_own();
        }
        match (
            caller.and_then(|id| self.calls.components().get(&id)),
            self.calls.components().get(&callee),
        ) {
            (Some(caller), Some(callee)) if caller == callee => Followed::Recursive,
            (_, Some(_)) => into_own(),
            // The catalogue knows what the standard library does.
            (_, None) if self.program.package(callee.package).is_std() => Followed::No,
            (_, None) => reach.one_less().map_or(Followed::No, Followed::Yes),
        }
    }

    /// Whether a callee is one of the project's own that is followed when `caller` calls it.
    pub fn follows_own(&self, caller: Option<FuncId>, callee: FuncId) -> bool {
        self.is_own(callee) && matches!(self.follows(Reach::FULL, caller, callee), Followed::Yes(_))
    }

    /// The reach of a walk through a function that is looked at from elsewhere than a call of it.
    pub fn enter(&self, reach: Reach, id: FuncId) -> Option<Reach> {
        if self.is_own(id) || reach != Reach::FULL {
            Some(reach)
        } else {
            reach.one_less()
        }
    }

    /// The methods of the project's own types that a call of an interface's method may reach, each in the build that has
    /// it. That a function of `package` asks is noted.
    pub fn implementers(
        &self,
        package: PackageId,
        holder: TypeId,
        through: &[SmolStr],
        name: &SmolStr,
    ) -> Vec<(&Module<'p>, FuncId)> {
        let Some(key) = caulk_flow::interface_key(self.program, holder, through) else {
            return Vec::new();
        };
        let found = implementers(&self.all_calls(), &key, name);
        let builds: Vec<&Module<'p>> = self.builds().collect();
        let known = found
            .iter()
            .filter_map(|(build, id)| Some((*builds.get(*build)?, *id)))
            .collect();
        let mut asked = self.asked();
        let of_package = asked.implementers.entry(package).or_default();
        of_package.insert((key, name.clone()), found);
        known
    }

    /// Whether a function belongs to the project.
    pub fn is_own(&self, id: FuncId) -> bool {
        self.calls.components().contains_key(&id) || self.home(id).is_some()
    }

    /// How all bodies of the module use fields, which must be known before anything is reported.
    pub fn know_field_uses(&self, uses: impl Iterator<Item = FieldUses>) {
        let mut all = FieldUses::default();
        uses.for_each(|uses| all.extend(uses));
        // Who comes second found the same.
        let _ = self.fields.set(all);
    }

    /// What packages release by habit.
    pub fn habits(&self) -> Option<&Habits> {
        Some(&self.fields.get()?.habits)
    }

    /// The way in which the functions of a package, or of the program, release what another function gives them, where
    /// several do, and which of the two do.
    pub fn habit(
        &self,
        package: PackageId,
        function: &str,
        value: TypeId,
        is_followed: bool,
    ) -> Option<(Way, Origin)> {
        let path = self.program.package(package).path();
        let habits = &self.fields.get()?.habits;
        habits.way(self.program, path, function, value, is_followed)
    }

    /// The method by which most of the program release a value of a type.
    pub fn habit_of_type(&self, value: TypeId) -> Option<SmolStr> {
        let habits = &self.fields.get()?.habits;
        habits.method_of_type(self.program, value).cloned()
    }

    /// What the bodies of this build and of those before it do with the field of a type, where they were looked at.
    pub fn use_of_field(&self, ty: &str, field: &str) -> Option<Uses> {
        let uses = self.builds().filter_map(|module| module.fields.get());
        uses.map(|uses| uses.of_field(ty, field)).reduce(Uses::and)
    }

    /// The same. That `package` asks is noted.
    pub fn uses_of_field(&self, package: PackageId, ty: &str, field: &SmolStr) -> Option<Uses> {
        let uses = self.use_of_field(ty, field)?;
        let mut asked = self.asked();
        let of_package = asked.fields.entry(package).or_default();
        of_package.insert((ty.to_owned(), field.clone()), uses.clone());
        Some(uses)
    }

    /// What the bodies of this build and of those before it do with a channel that may be kept in one of these places.
    pub fn use_of_channel(&self, places: &BTreeSet<Place>) -> Option<ChannelUses> {
        let uses = self.builds().filter_map(|module| module.fields.get());
        uses.map(|uses| uses.channels.uses_of(places))
            .reduce(ChannelUses::and)
    }

    /// The same. That `package` asks is noted.
    pub fn uses_of_channel(
        &self,
        package: PackageId,
        places: BTreeSet<Place>,
    ) -> Option<ChannelUses> {
        let uses = self.use_of_channel(&places)?;
        let mut asked = self.asked();
        let of_package = asked.channels.entry(package).or_default();
        of_package.insert(places, uses);
        Some(uses)
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was asked of the whole module so far.
    pub fn take_asked(&self) -> Asked {
        std::mem::take(&mut *self.asked())
    }

    /// Works out something of a body: what others are asked for that is noted.
    pub fn at<T>(&self, owner: BodyOwner, answer: impl FnOnce() -> T) -> T {
        self.looks.at(owner, answer)
    }

    /// Takes answers over that hold here too, before anything is asked, and notes what those rest on that are given here.
    pub fn know_answers(&mut self, answers: Answers) {
        self.answers = answers;
        self.looks.note();
    }

    pub fn take_answers(&mut self) -> Answers {
        std::mem::take(&mut self.answers)
    }

    /// Which bodies the answers so far rest on that were given on those of this build.
    pub fn take_looks(&self) -> impl Iterator<Item = Look> {
        let build = self.builds().count() - 1;
        self.builds()
            .flat_map(move |module| module.looks.take(build))
    }

    /// A body, ready to be followed; none where it is implemented elsewhere.
    pub fn function(&self, owner: BodyOwner) -> Option<Arc<Function>> {
        let make = || {
            let typed = self.program.body(owner)?;
            let caller = owner.func();
            Some(Arc::new(Function::new(
                self.program,
                typed,
                &|typed, call| self.never_returns(caller, typed, call),
            )))
        };
        self.at(owner, || self.functions.get(owner, make))
    }

    /// Whether a file is there for tests alone, as `tells` said when it was first asked.
    pub fn helps_tests(&self, file: &SourceFile, tells: impl FnOnce() -> bool) -> bool {
        self.helping.get(file.path.clone(), tells)
    }

    /// Whether a call never returns: known to end the process, the goroutine or the test, or proved so.
    pub fn never_returns(&self, caller: Option<FuncId>, typed: &TypedBody, call: ExprId) -> bool {
        let callee = typed.info.callee(call);
        if *callee == Callee::Builtin(Builtin::Panic) {
            return true;
        }
        // What it is called on is evaluated first: `log.Fatal().Msg("no")`.
        if let Some(receiver) = callee.receiver()
            && let receiver = typed.tree().unparen(receiver)
            && matches!(typed.tree().expr(receiver).kind, ExprKind::Call { .. })
            && self.never_returns(caller, typed, receiver)
        {
            return true;
        }
        let Some(func) = callee.func() else {
            return false;
        };
        let (package, name) = crate::types::split_name(self.program, func);
        if self.catalogue.exits(package, name) {
            return true;
        }
        match func.id {
            Some(_) if matches!(callee, Callee::Interface { .. }) => false,
            Some(id) if self.follows_own(caller, id) => !self.returns(id),
            Some(id) if !self.is_own(id) => self.exits(id, EXIT_DEPTH),
            _ => false,
        }
    }

    /// Whether a function never returns, by its source.
    pub fn ends(&self, id: FuncId) -> bool {
        if self.is_own(id) {
            !self.returns(id)
        } else {
            self.exits(id, EXIT_DEPTH)
        }
    }

    /// Whether a dependency's function never returns. Only those whose name says so are looked into.
    fn exits(&self, id: FuncId, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        let says_so = self.program.func(id).is_some_and(|func| {
            let name = func.name.to_lowercase();
            EXIT_WORDS.iter().any(|word| name.contains(word))
        });
        if !says_so || self.program.package(id.package).is_std() {
            return false;
        }
        let exits = || {
            let Some(typed) = self.program.body(BodyOwner::Func(id)) else {
                return false;
            };
            let Some(block) = typed.block() else {
                return false;
            };
            let never = |call: ExprId| match typed.info.callee(call) {
                Callee::Builtin(Builtin::Panic) => true,
                Callee::Static(func) | Callee::Method { func, .. } => {
                    let (package, name) = crate::types::split_name(self.program, func);
                    self.catalogue.exits(package, name)
                        || func.id.is_some_and(|id| self.exits(id, depth))
                }
                _ => false,
            };
            !caulk_flow::graph(typed.tree(), block, &never).returns()
        };
        self.at(BodyOwner::Func(id), || {
            self.answers.exits.get((id, depth), exits)
        })
    }

    fn returns(&self, id: FuncId) -> bool {
        if let Some((module, id)) = self.home(id) {
            return module.returns(id);
        }
        let owner = BodyOwner::Func(id);
        let returns = || {
            let function = self.function(owner);
            let graph = function.as_ref().and_then(|function| function.graph(None));
            graph.is_none_or(|graph| graph.returns())
        };
        self.at(owner, || self.answers.returns.get(id, returns))
    }

    /// Whether a function of the project gives no error wherever it returns, so many calls deep.
    pub fn never_fails(&self, id: FuncId, depth: u8) -> bool {
        if let Some((module, id)) = self.home(id) {
            return module.never_fails(id, depth);
        }
        let never_fails = || crate::inference::never_fails::function(self, id, depth);
        self.at(BodyOwner::Func(id), || {
            self.answers.never_fails.get((id, depth), never_fails)
        })
    }

    /// Whether a function of the project gives an error wherever it returns, so many calls deep.
    pub fn makes_errors(&self, id: FuncId, depth: u8) -> bool {
        if let Some((module, id)) = self.home(id) {
            return module.makes_errors(id, depth);
        }
        let makes_errors = || crate::inference::makes_errors::function(self, id, depth);
        self.at(BodyOwner::Func(id), || {
            self.answers.makes_errors.get((id, depth), makes_errors)
        })
    }

    /// Whether a function returns only where this parameter, an error, is nil.
    pub fn asserts_nil(&self, id: FuncId, index: usize, reach: Reach) -> bool {
        if let Some((module, id)) = self.home(id) {
            return module.asserts_nil(id, index, reach);
        }
        let asserts = || crate::inference::summary::asserts_nil(self, id, index, reach);
        self.at(BodyOwner::Func(id), || {
            self.answers.asserts.get((id, index, reach), asserts)
        })
    }

    /// What a function returns where this parameter, an error, is nil, if it returns the opposite wherever it is not.
    pub fn told_where_nil(&self, id: FuncId, index: usize) -> Option<bool> {
        if let Some((module, id)) = self.home(id) {
            return module.told_where_nil(id, index);
        }
        let told = || crate::inference::error_told::where_nil(self, id, index);
        self.at(BodyOwner::Func(id), || {
            self.answers.errors_told.get((id, index), told)
        })
    }

    /// What comments above a function say that it does with a parameter.
    pub fn declared(&self, id: FuncId, param: Param) -> Option<Declared> {
        self.declared.get((id, param), || {
            crate::inference::directive::declared(self.program, id, param)
        })
    }

    /// What a function does with a parameter.
    pub fn effect(&self, query: ParamQuery) -> ParamEffect {
        if let Some((module, func)) = self.home(query.func) {
            return module.effect(ParamQuery { func, ..query });
        }
        let effect = || crate::inference::summary::param_effect(self, &query);
        self.at(BodyOwner::Func(query.func), || {
            self.answers.effects.get(query.clone(), effect)
        })
    }

    /// Which results of a function are owned by its caller.
    pub fn results(&self, id: FuncId, reach: Reach) -> Arc<Results> {
        if let Some((module, id)) = self.home(id) {
            return module.results(id, reach);
        }
        let results = || Arc::new(crate::inference::owned::results(self, id, reach));
        self.at(BodyOwner::Func(id), || {
            self.answers.results.get((id, reach), results)
        })
    }

    /// What becomes of every acquisition of a body.
    pub fn verdicts(&self, owner: BodyOwner, reach: Reach) -> Verdicts {
        let verdicts = || Arc::new(crate::sites::verdicts(self, owner, reach));
        self.at(owner, || self.sites.get((owner, reach), verdicts))
    }

    /// The same, with what it gets from functions that lead back to it. No summary asks for that.
    pub fn acquisitions(&self, owner: BodyOwner) -> Verdicts {
        let all = self.verdicts(owner, Reach::FULL);
        let in_circle = || Arc::new(crate::sites::verdicts_in_circle(self, owner));
        let more = self.at(owner, || self.in_circles.get(owner, in_circle));
        match more.is_empty() {
            true => all,
            false => Arc::new(all.iter().chain(more.iter()).cloned().collect()),
        }
    }

    /// Whether a call of a body leads back to that.
    pub fn is_called_back(&self, owner: BodyOwner, callee: FuncId) -> bool {
        self.follows(Reach::FULL, owner.func(), callee) == Followed::Recursive
    }

    /// Whether a body calls what leads back to it, as far as that may matter; it is not read for that.
    pub fn is_in_circle(&self, owner: BodyOwner) -> bool {
        let notes = self.notes.read().unwrap_or_else(PoisonError::into_inner);
        notes.is_in_circle(self, owner)
    }

    /// Whether a body of the project is known to acquire nothing and to start no goroutine; it is not read for that.
    pub fn is_idle(&self, owner: BodyOwner) -> bool {
        let is_idle = || {
            let notes = self.notes.read().unwrap_or_else(PoisonError::into_inner);
            notes.is_idle(self, owner, Reach::FULL)
        };
        self.at(owner, || self.answers.idle.get(owner, is_idle))
    }

    /// Whether a result of this type can be something that its receiver has to release.
    pub fn can_be_owned(&self, ty: TypeId) -> bool {
        self.ownable
            .get(ty, || crate::types::can_be_owned(self.program, ty))
    }

    /// Whether a value of this type can be released in any way: whatever it is called, by whom, and behind which interface.
    pub fn can_be_released(&self, ty: TypeId) -> bool {
        self.releasable
            .get(ty, || crate::types::can_be_released(self.program, ty))
    }
}

/// What implements a method of an interface by the calls of a build, and of those before it.
pub(crate) fn implementers(calls: &[&Calls], key: &str, name: &SmolStr) -> Vec<(usize, FuncId)> {
    let of_builds = calls.iter().enumerate();
    of_builds
        .flat_map(|(build, calls)| {
            let found = calls.implementers(key, name).iter();
            found.map(move |id| (build, *id))
        })
        .collect()
}

/// Whether the source of a callee is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Followed {
    /// With this reach.
    Yes(Reach),
    /// It calls back to the caller.
    Recursive,
    No,
}
