//! Small profiles of every legacy form and of its odd corners, and broken ones.

/// Profiles that are read.
pub const READ: [(&str, &str); 32] = [
    (
        "a heap of Go",
        "heap profile: 3: 4096 [5: 8192] @ heap/1048576
1: 2048 [2: 4096] @ 0x47d00c 0x480069 0x4c5d88 0x484fa1
#\t0x4c5d87\tmain.(*T).Do[...]+0x47\t\t/src/a b.go:277
#\t0x4c5d87\tmain.inlined+0x47\t/src/b.go:7

0: 0 [3: 4096] @ 0x47d005

# runtime.MemStats
# Alloc = 15697744
# Stack = 491520 / 491520
# GCCPUFraction = 0.08
",
    ),
    (
        "a heap in which all that was allocated is in use",
        "heap profile: 3: 4096 [3: 4096] @ heap/1048576\n3: 4096 [3: 4096] @ 0x5 0x6\n",
    ),
    (
        "a heap of which only the bytes allocated differ",
        "heap profile: 3: 4096 [3: 5000] @ heap_v2/524288\n3: 4096 [0: 0] @ 0x5 0x6\n",
    ),
    (
        "a heap without allocations",
        "heap profile:   3:    4096 [  0:  0 ]@heapz_v2/100\n 3: 4096 [ 3: 4096] @\n",
    ),
    (
        "a heap with every word before its header and what is odd on its lines",
        "log heap profile: 1: 2 [3: 4] @ heapprofile more\nx 1:2[3:4] @0x7 0x8 0XFF 0x9\n-1: -7 [1: 7] @ 0xffffffffffffffff 0x0 0x1\n",
    ),
    (
        "a heap with a negative count that divides to nothing",
        "heap profile: 1: 2 [3: 4] @ heap_v2/0\n-1: -9223372036854775808 [1: 7] @ 0x2\n-3: 7 [1: 7] @ 0x2\n",
    ),
    (
        "estimates that do not fit",
        "heap profile: 1: 2 [3: 4] @ heap_v2/9223372036854775807\n9223372036854775807: 1 [1: 7] @ 0x2\n1: 9223372036854775807 [1: 7] @ 0x2\n",
    ),
    (
        "many small objects",
        "heap profile: 1: 2 [3: 4] @ heap_v2/524288\n1000000000: 16000000000 [7: 56] @ 0x2\n123456789: 987654312 [12345678901: 98765431208] @ 0x2\n",
    ),
    (
        "a heap without a period",
        "heap profile: 1: 2 [3: 4] @ heap\n1: 2 [3: 4] @ 0x2\n",
    ),
    (
        "the growth of a heap",
        "heap profile:   5:   4096 [   5:   4096] @ growthz\n     2:   2048 [     2:   2048] @ 0x00b5 0x0081\nMAPPED_LIBRARIES:\n00000080-000000b0 r-xp 00000000 08:01 123456 /bin/x y\n",
    ),
    (
        "the fragmentation of a heap",
        "heap profile: 5: 4096 [5: 4096] @ fragmentation\n2: 2048 [2: 2048] @ 0xb5\n",
    ),
    (
        "only the header of a heap",
        "heap profile: 0: 0 [0: 0] @ heap/1048576",
    ),
    (
        "goroutines",
        "goroutine profile: total 26
25 @ 0x47e8ee 0x4159ae 0x4154f2 0x4e23d9 0x484fa1
# labels: {\"path\":\"/a \\\"q\\\" {p}\", \"tenant\":\"t0\"}
#\t0x4e23d8\tmain.receive+0x18\t/src/main.go:96

1 @ 0x0
#\t0x0

",
    ),
    (
        "counts below comments, with a memory map",
        "# a comment\n\n  # another\nclients/open profile: total 3\r\n010 @ 0x400010 0x1\r\n0 @ 0x7fff00000000\n---\nanything\n--- Memory map: ---\n00400000-00500000: /bin/x\n7fff00000000-7fff00001000: /lib/libx.so.6\n",
    ),
    ("counts of nothing", "threadcreate profile: total 0\n"),
    (
        "counts of a name that is not UTF-8, since bytes are not characters",
        "größe profile: total 1\n1 @ 0x2\n",
    ),
    (
        "mutexes of Go",
        "--- mutex:
cycles/second=2000000007
sampling period=3
123456789 5 @ 0x47d00c 0x480069
#\t0x47d00b\tsync.(*Mutex).Unlock+0x6b\t/usr/local/go/src/sync/mutex.go:65
#\t0x480068\tmain.work+0x8\t\t\t/src/main.go:9

18446744073709551 9223372036854775807 @ 0x47d00c
",
    ),
    (
        "blocking of Go",
        "--- contention:\ncycles/second=0x77359407\n7 1 @ 0x47d00c 0x480069\n0 0 @\n",
    ),
    (
        "contention of C++",
        "--- contentionz 1 ---\ncycles/second = 3201000000\nsampling period = 100\nms since reset = 16502830\ndiscarded samples = 0\n  19490304       27 @ 0xbccc97 0xc61202\n       768        1 @ 0xc61202\n--- Memory map: ---\n  00400000-00fcb000: cppbench_server_main\n",
    ),
    (
        "contention without a rate, and periods that make no sense",
        "--- contention: x\n\n # a comment\nsampling period = -0b11\n7 1 @ 0x5\n",
    ),
    (
        "contention whose numbers stand together",
        "--- contention:\ncycles/second = 1_000\n12345 @ 0x5 x0x6 0x\n---\n",
    ),
    ("contention of nothing", "--- mutex:\n"),
    (
        "threads",
        "\n# a comment\n--- threadz 1 ---\n\nsomething\n--- Thread 7ff133c7f700 (name: main/10876) stack: ---\n  PC: 0xbccc97 main\n  0xbccc97 0xc61202\n  0x4\n--- Thread 5 (name: x/y/1) stack: ---\n [same as previous thread]\n\n--- Thread 6 (name: /1) stack: ---\n--- Memory map: ---\n  00400000-00fcb000: main (@1000) abcdef0123\n",
    ),
    (
        "threads of which some have no stack",
        "--- Thread 7ff133c7f700 (name: main/10876) stack: ---\n0x5 0x5 0x6\n---- no stack trace for 7 threads\nx\nMAPPED_LIBRARIES: x\n",
    ),
    (
        "a memory map with everything",
        "--- contention:
7 1 @ 0x400011 0x5000 0x600011 0x7fff0011 0x7fff0012 0x900000 0xffffffffffffffff 0x0 0x1
--- Memory map: ---
build=/home/$user
user = me
bin=$build/bin
I1207 12:00:00.000000 1 maps.cc:7] 00500000-00600000 r-xp 00100000 08:01 77 $bin/server (deleted)
00600000-00700000 r-xp 00200000 08:01 77 $bin/server
00700000-00800000 rw-p 00300000 08:01 77 $bin/server
10000000-20000000: [heap]
0x7fff0000 0x7fff1000 /lib/libc-2.15.so (@0) abc
7fff1000 - 7fff2000: /lib/libc-2.15.so
zz-yy: /nowhere
10000000000000000-2: /nowhere = 5
",
    ),
    (
        "a memory map that begins with huge pages",
        "x profile: total 1\n1 @ 0x400011 0x200011\n--- Memory map: ---\n00200000-00400000 r-xp 00000000 00:0d 5 /anon_hugepage (deleted)\n00400000-00500000 r-xp 00200000 08:01 77 /bin/x\n",
    ),
    (
        "a program that does not start where it was linked",
        "x profile: total 1\n1 @ 0x400011 0x500011\n--- Memory map: ---\n00480000-00600000 r-xp 00080000 08:01 77 /bin/x\n",
    ),
    (
        "a heap of Java",
        "--- heapz 1 ---
format = java
resolution = bytes
          7048     1 @ 0x00000003 0x00000004 0x5
        010     02 @  0x6 0x7 0x8 0x9

  0x00000003 com.example.Server.run (Server.java:12)
    0x00000004 com.example.Server.run (Server.java:-1)
  0x5 com.example.Server.run (Other.java:99999999999999999999)
  0x6 memcpy (/lib/libc.so.6/)
  0x7 generated stub/JIT code
  0x8 GC
  0x8 VM () x
  0xffff unused (X.java:1)
  not a symbol
",
    ),
    (
        "contention of Java",
        "--- contentionz 1 ---\nformat = java\nresolution = microseconds\nsampling period = 100\nms since reset = 6019923\n          5     1 @ 0x3 0x4\n\n          0     9223372036854775807 @ 0x3\n0x3 a.b (c:1)\n0x4 a.b (d:2)",
    ),
    (
        "Java with two resolutions and no samples",
        "--- heapz 1 ---\nresolution = a\nresolution = b c\n",
    ),
    ("Java with nothing", "--- heapz 1 ---\n"),
    (
        "a heap of Java without samples but with the end of a line missing",
        "  --- heapz 1 --- \nformat=java\n5 1 @ 0x3",
    ),
];

/// Profiles that are refused, and why.
pub const REFUSED: [(&str, &str); 26] = [
    (
        "hello, world\n",
        "unrecognized format; it begins with \"hello, world\"",
    ),
    ("\n\n", "unrecognized format"),
    (
        "heap profile: total\n",
        "unrecognized format; it begins with \"heap profile: total\"",
    ),
    (
        "heap profile: 1: 2 [3: 4] @ heapx/5\n",
        "line 1: \"heapx\" is no known kind of heap profile",
    ),
    (
        "heap profile: 1: 2 [3: 4] @ heap/9999999999999999999\n",
        "line 1: the period \"9999999999999999999\" is too large",
    ),
    (
        "heap profile: 1: 2 [3: 4] @ heap/5\n\n1: 2 @ 0x5\n",
        "line 3: \"1: 2 @ 0x5\" is not `COUNT: BYTES [COUNT: BYTES] @ 0xADDRESS …`",
    ),
    (
        "heap profile: 1: 2 [3: 4] @ heap/5\n0: 2 [3: 4] @ 0x5\n",
        "line 2: a count is 0, but its bytes are 2",
    ),
    (
        "heap profile: 1: 2 [3: 4] @ heap/5\n1: 2 [9223372036854775808: 4] @ 0x5\n",
        "line 2: \"9223372036854775808\" is more than 63 bits",
    ),
    (
        "heap profile: 1: 2 [3: 4] @ heap/5\n1: 2 [3: 4] @ 0x12345678901234567\n",
        "line 2: \"0x12345678901234567\" is more than 64 bits",
    ),
    (
        "goroutine profile: total 1\n1 @ 0xg\n",
        "line 2: \"1 @ 0xg\" is not `COUNT @ 0xADDRESS …`",
    ),
    (
        "goroutine profile: total 1\n1 @\n",
        "line 2: \"1 @\" is not `COUNT @ 0xADDRESS …`",
    ),
    (
        "goroutine profile: total 1\n-1 @ 0x5\n",
        "line 2: \"-1 @ 0x5\" is not `COUNT @ 0xADDRESS …`",
    ),
    (
        "goroutine profile: total 1\n09 @ 0x5\n",
        "line 2: \"09\" is not a count",
    ),
    (
        "goroutine profile: total 1\n1 @ 0x5 0x10000000000000000\n",
        "line 2: \"0x10000000000000000\" is more than 64 bits",
    ),
    (
        "goroutine profile: total \n",
        "unrecognized format; it begins with \"goroutine profile: total\"",
    ),
    (
        "--- threadz 1 ---\n\nno thread\n",
        "line 3: \"no thread\" where a thread or the memory map should start",
    ),
    (
        "--- Thread 5 (name: x/1) stack: ---\n0x5 0x6\n",
        "line 2: \"0x5 0x6\" where a thread or the memory map should start",
    ),
    (
        "--- Thread 5 (name: x/1) stack: ---\n0x55555555555555555\n",
        "line 2: \"0x55555555555555555\" is more than 64 bits",
    ),
    (
        "--- mutex:\ncycles/second=many\n",
        "line 2: \"many\" is not a number",
    ),
    (
        "--- mutex:\ncolour=red\n",
        "line 2: \"colour\" is not known of a contention profile",
    ),
    (
        "--- mutex:\n5 @ 0x5\n",
        "line 2: \"5 @ 0x5\" is not `CYCLES COUNT @ 0xADDRESS …`",
    ),
    (
        "--- contention:\n99999999999999999999 1 @ 0x5\n",
        "line 2: \"99999999999999999999\" is more than 63 bits",
    ),
    (
        "--- heapz 1 ---\nformat = cpp\n",
        "line 2: \"format = cpp\" is not known of a Java profile",
    ),
    (
        "--- heapz 1 ---\nresolution = bytes\n5 0 @ 0x3\n",
        "line 3: the count of a sample is 0",
    ),
    (
        "--- heapz 1 ---\n5 1 @ 0x3\n",
        "its header has no resolution, so its samples have no type",
    ),
    (
        "--- heapz 1 ---\n0x11111111111111111 f (g:1)\n",
        "the symbol \"0x11111111111111111 f (g:1)\" has an address of over 64 bits",
    ),
];

/// A binary CPU profile.
pub fn cpu(words: &[u64], size: usize, is_big_endian: bool, rest: &[u8]) -> Vec<u8> {
    let bytes = words.iter().flat_map(|word| {
        if is_big_endian {
            word.to_be_bytes()[8 - size..].to_vec()
        } else {
            word.to_le_bytes()[..size].to_vec()
        }
    });
    bytes.chain(rest.iter().copied()).collect()
}

/// Binary CPU profiles of both widths and byte orders, with and without an end, and of Java.
pub fn cpus() -> Vec<(String, Vec<u8>)> {
    const C: [u64; 16] = [
        0, 3, 0, 10_000, 0, 1, 3, 0x400010, 0x400010, 0x400021, 2, 1, 7, 0, 1, 0,
    ];
    const JAVA: [u64; 14] = [0, 3, 1, 4_000, 0, 5, 3, 0x3, 0x4, 0x99, 0, 1, 0, 7];
    const MAP: &[u8] = b"00400000-00500000 r-xp 00000000 08:01 77 /bin/x\nsome=thing\n";
    const SYMBOLS: &[u8] = b"\n0x3 a.b (c.java:1)\n0x00000004 d\n";
    // Samples that all have the frame of a signal handler next to the leaf.
    let mut handled = vec![0, 3, 0, 1, 0];
    for leaf in 0..70 {
        let handler = if leaf < 68 { 0x500 } else { 0x501 };
        handled.extend([1, 4, 0x1000 + leaf, handler, 0x600, 0x700 + leaf % 3]);
    }
    let mut all = Vec::new();
    for (size, is_big_endian) in [(4, false), (4, true), (8, false), (8, true)] {
        let mut add = |name: &str, words: &[u64], rest: &[u8]| {
            let name = format!("{name}, {size} bytes, big endian: {is_big_endian}");
            all.push((name, cpu(words, size, is_big_endian, rest)));
        };
        add("C", &C, MAP);
        add("C without an end", &C[..13], b"");
        add("C without samples", &C[..5], b"");
        add("C with an empty stack", &[0, 3, 0, 1, 0, 5, 0], b"");
        add("C with signal handlers", &handled, b"");
        add("Java", &JAVA[..13], SYMBOLS);
        add("Java without symbols", &JAVA[..10], b"");
    }
    let large = [
        0,
        3,
        0,
        u64::MAX / 2,
        0,
        1 << 63,
        2,
        0,
        u64::MAX,
        u64::MAX,
        1,
        5,
    ];
    all.push(("C of large numbers".to_owned(), cpu(&large, 8, false, b"")));
    all
}
