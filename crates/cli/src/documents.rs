//! What the documents and the help say that can be typed, can be typed.

use std::path::Path;

use clap::{Command, CommandFactory, Parser};

use crate::Cli;

/// The words of a line as a shell makes them: quotes keep blanks, `#` begins a comment, a pipe or redirection ends it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '>' | '<' | ';') => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn understood(line: &str) {
    if let Err(error) = Cli::try_parse_from(words(line)) {
        assert!(!error.use_stderr(), "{line}\n{error}");
    }
}

/// The indented `hst ...` lines of `text`.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| line.starts_with("hst "))
}

fn examples(command: &Command, seen: &mut usize) {
    for text in [command.get_after_help(), command.get_after_long_help()].into_iter().flatten() {
        for line in commands(&text.to_string()) {
            // The explanation stands behind two blanks or more.
            understood(line.split_once("  ").map_or(line, |(call, _)| call));
            *seen += 1;
        }
    }
    command.get_subcommands().for_each(|inner| examples(inner, seen));
}

#[test]
fn the_examples_of_the_help_are_understood() {
    let mut seen = 0;
    examples(&Cli::command(), &mut seen);
    assert!(seen >= 20, "{seen} examples");
}

/// Names of commands that do something and show no example.
fn without_examples(command: &Command, name: &str, found: &mut Vec<String>) {
    let help = command.get_after_long_help().or(command.get_after_help());
    if !command.has_subcommands() && help.is_none() {
        found.push(name.to_owned());
    }
    for inner in command.get_subcommands() {
        without_examples(inner, &format!("{name} {}", inner.get_name()), found);
    }
}

#[test]
fn every_command_shows_how_it_is_typed() {
    let mut found = Vec::new();
    without_examples(&Cli::command(), "hst", &mut found);
    assert!(found.is_empty(), "{found:?}");
}

/// A call with its options in a document, such as `hst cutout FILE... --at POS`: what is in capitals is the reader's.
fn options_exist(call: &str, program: &Command) {
    let mut command = program;
    let mut words = words(call).into_iter().skip(1).peekable();
    while let Some(inner) = words.peek().and_then(|word| command.find_subcommand(word)) {
        command = inner;
        words.next();
    }
    assert!(command.get_name() != "hst", "no command in `{call}`");
    for word in words.filter(|word| word.starts_with("--")) {
        let name = word.trim_start_matches('-').split('=').next().unwrap_or_default();
        let known = command.get_arguments().chain(program.get_arguments()).any(|arg| {
            arg.get_long() == Some(name)
                || arg.get_all_aliases().is_some_and(|all| all.contains(&name))
        });
        assert!(known, "no --{name} in `{call}`");
    }
}

#[test]
fn the_calls_in_the_documents_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let Ok(readme) = std::fs::read_to_string(root.join("README.md")) else {
        eprintln!("skipped: the crate stands alone");
        return;
    };
    let typed: Vec<_> = commands(&readme).collect();
    assert!(typed.len() >= 6, "{typed:?}");
    typed.iter().for_each(|line| understood(line));
    let (program, mut calls) = (Cli::command(), 0);
    for document in
        ["README.md", "ARCHITECTURE.md", "DESIGN.md", "docs/coming-from.md", "docs/releasing.md"]
    {
        let text = std::fs::read_to_string(root.join(document)).expect(document);
        // Every second piece between backticks is code.
        for code in text.split('`').skip(1).step_by(2).filter(|code| code.starts_with("hst ")) {
            options_exist(code, &program);
            calls += 1;
        }
    }
    assert!(calls >= 20, "{calls} calls");
}
