
// Of many things, those that were chosen by what they are and by the words in them.

for (const catalogue of document.querySelectorAll(".catalogue")) {
  const items = [...catalogue.querySelectorAll("article")].map((article) => ({
    article,
    values: article.dataset.values.split(" "),
    text: article.textContent.toLowerCase(),
  }));
  const choices = [...catalogue.querySelectorAll("select")];
  const search = catalogue.querySelector("input");
  const found = catalogue.querySelector(".found");
  const none = catalogue.querySelector(".none");

  const choose = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { article, values, text } of items) {
      const is =
        choices.every((choice, at) => choice.value === "" || choice.value === values[at]) &&
        words.every((word) => text.includes(word));
      article.hidden = !is;
      shown += is;
    }
    found.textContent = `${shown} of ${items.length}`;
    none.hidden = shown > 0 || items.length === 0;
  };
  for (const choice of choices) choice.addEventListener("change", choose);
  search.addEventListener("input", choose);
  // A link to one that is not shown shows it.
  addEventListener("hashchange", () => {
    const wanted = items.find(({ article }) => `#${article.id}` === location.hash);
    if (!wanted?.article.hidden) return;
    for (const choice of choices) choice.value = "";
    search.value = "";
    choose();
    wanted.article.scrollIntoView();
  });
  choose();
}
