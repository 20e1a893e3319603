//! Clients of databases, and what reads and changes data.

use super::{ALONE, LEADING, Other, Row, other, row};

const MYSQL: &str = r"(?m)\bDistrib (\d+\.\d[^,\s]*),|\bVer (\d\S*) for ";
const MARIADB: &str = r"(?m)\bDistrib (\d[\d.]*)-MariaDB|\bfrom (\d[\d.]*)-MariaDB";
const AS_MYSQL: &[Other] = &[other("MariaDB", MARIADB)];

pub(super) const ROWS: &[Row] = &[
    row("psql", "--version", r"(?m)^psql \(PostgreSQL\) (\S+)"),
    row("pg_dump", "--version", r"(?m)^pg_dump \(PostgreSQL\) (\S+)"),
    row("mysql", "--version", MYSQL).or(AS_MYSQL),
    row("mariadb", "--version", MARIADB),
    row("sqlite3", "--version", r"(?m)^(\d+\.\d\S*) \d{4}-"),
    row("redis-cli", "--version", r"(?m)^redis-cli (\S+)").or(&[other("Valkey", r"(?m)^valkey-cli (\S+)")]),
    row("mongosh", "--version", ALONE),
    row("duckdb", "--version", LEADING),
    row("jq", "--version", r"(?m)^jq-(\d\S*)")
        .or(&[other("gojq", r"(?m)^gojq (\d\S*)"), other("jaq", r"(?m)^jaq (\d\S*)")]),
    row("yq", "--version", r"(?m)^yq \(https\S+\) version (v?\d\S*)").or(&[other("Python yq", r"(?m)^yq (\d\S*)\r?$")]),
    row("rg", "--version", r"(?m)^ripgrep (\S+)"),
    row("fd", "--version", r"(?m)^(?:fd|fdfind) (\d\S*)"),
    row("fzf", "--version", LEADING),
    row("bat", "--version", r"(?m)^(?:bat|batcat) (\d\S*)"),
    row("eza", "--version", r"(?m)^(v\d\S*)"),
    row("pandoc", "--version", r"(?m)^pandoc(?:\.exe)? (\d\S*)"),
    row("ffmpeg", "-version", r"(?m)^ffmpeg version n?(\d\S*)"),
    row("magick", "-version", r"(?m)^Version: ImageMagick (\S+)"),
];
