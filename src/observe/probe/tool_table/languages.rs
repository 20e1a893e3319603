//! Languages: interpreters, compilers and what runs them.

use super::{ALONE, Other, Row, other, row};

/// Without the file in which it would count its own performance below the folder for temporary files.
const JAVA: &str = "-XX:-UsePerfData -version";
/// Makers that say so; a plain OpenJDK, as distributions build it, has no name of its own.
const JDKS: &[Other] = &[
    other("Temurin", r#"(?m)^\S+ version "([^"]+)".*\n.*Runtime Environment \(?Temurin\b"#),
    other("Zulu", r#"(?m)^\S+ version "([^"]+)".*\n.*Runtime Environment \(?Zulu"#),
    other("Corretto", r#"(?m)^\S+ version "([^"]+)".*\n.*Runtime Environment Corretto\b"#),
    other("Microsoft", r#"(?m)^\S+ version "([^"]+)".*\n.*Runtime Environment Microsoft\b"#),
    other("SapMachine", r#"(?m)^\S+ version "([^"]+)".*\n.*Runtime Environment SapMachine\b"#),
    other("GraalVM", r#"(?m)^\S+ version "([^"]+)".*\n.*Runtime Environment (?:Oracle )?GraalVM\b"#),
];
const PYPY: &[Other] = &[other("PyPy", r"(?m)^\[PyPy (\S+)")];
const GCC: &str = r"(?m)^\S+ \([^)]*\) (\d\S*)";
const NOT_GCC: &[Other] =
    &[other("Apple clang", r"(?m)^Apple clang version (\S+)"), other("clang", r"(?m)^(?:\S+ )?clang version (\S+)")];

pub(super) const ROWS: &[Row] = &[
    row("node", "--version", r"(?m)^(v\d\S*)\r?$"),
    row("deno", "--version", r"(?m)^deno (\S+)"),
    row("bun", "--version", ALONE),
    row("tsc", "--version", r"(?m)^Version (\S+)"),
    row("python3", "--version", r"(?m)^Python (\S+)").or(PYPY),
    row("python", "--version", r"(?m)^Python (\S+)").or(PYPY),
    row("ruby", "--version", r"(?m)^ruby (\d\S*)")
        .or(&[other("JRuby", r"(?m)^jruby (\S+)"), other("TruffleRuby", r"(?m)^truffleruby (\d[^\s,]*)")]),
    row("go", "version", r"(?m)^go version (?:devel )?go(\S+)"),
    row("java", JAVA, r#"(?m)^\S+ version "([^"]+)""#).or(JDKS).on_both(),
    row("javac", "-J-XX:-UsePerfData -version", r"(?m)^javac (\S+)").on_both(),
    row("kotlin", "-version", r"(?m)^Kotlin version (\S+)"),
    row("kotlinc", "-version", r"(?m)\bkotlinc-jvm (\S+)").on_both(),
    row("scala", "-version", r"(?m)^Scala version \(default\): (\S+)|^Scala code runner version (\d\S*)").on_both(),
    row("swift", "--version", r"(?m)\bSwift version (\S+)"),
    row("rustc", "--version", r"(?m)^rustc (\S+)"),
    row("perl", "-v", r"(?m)^This is perl .*\(v(\d[^)]*)\)"),
    row("php", "--version", r"(?m)^PHP (\S+)"),
    row("lua", "-v", r"(?m)^Lua (\S+)").or(&[other("LuaJIT", r"(?m)^LuaJIT (\S+)")]),
    row("luajit", "-v", r"(?m)^LuaJIT (\S+)"),
    row("elixir", "--version", r"(?m)^Elixir (\S+)"),
    row(
        "erl",
        r#"-noshell -eval 'io:fwrite("OTP ~s~n", [erlang:system_info(otp_release)]), halt().'"#,
        r"(?m)^OTP (\S+)",
    ),
    row("ghc", "--version", r"(?m)^The Glorious Glasgow Haskell Compilation System, version (\S+)"),
    row("julia", "--version", r"(?m)^julia version (\S+)"),
    row("R", "--version", r"(?m)^R version (\S+)"),
    row("Rscript", "--version", r"(?m)\bversion (\d\S*) \("),
    row("dotnet", "--version", ALONE),
    row("zig", "version", ALONE),
    row("ocaml", "-version", r"(?m)^The OCaml toplevel, version (\S+)"),
    row("nim", "--version", r"(?m)^Nim Compiler Version (\S+)"),
    row("crystal", "--version", r"(?m)^Crystal (\S+)"),
    row("gcc", "--version", GCC).or(NOT_GCC),
    row("g++", "--version", GCC).or(NOT_GCC),
    row("cc", "--version", GCC).or(NOT_GCC),
    row("clang", "--version", r"(?m)^(?:\S+ )?clang version (\S+)")
        .or(&[other("Apple clang", r"(?m)^Apple clang version (\S+)")]),
    // Apple's knows no `--version`; every one of them knows this.
    row("ld", "-v", r"(?m)^GNU ld (?:version |\([^)]*\) )(\d\S*)").or(&[
        other("Apple ld", r"(?m)^@\(#\)PROGRAM:ld +PROJECT:ld(?:64)?-(\S+)"),
        other("LLD", r"(?m)^LLD (\S+)"),
        other("mold", r"(?m)^mold (\d\S*)"),
    ]),
];
