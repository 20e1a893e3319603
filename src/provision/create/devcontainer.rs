//! A devcontainer by the devcontainer CLI: how it is called, and what it answers.
//!
//! `devcontainer up` answers with a JSON document on the last line of its stdout, once every command of the configuration has
//! ended that belongs to its creation: a container that merely runs may still be without what `postCreateCommand` brings.

use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::Deserialize;
use serde_json::Value;

/// The program.
pub const PROGRAM: &str = "devcontainer";
/// How it is had.
pub const INSTALLATION: &str = "npm install --global @devcontainers/cli";

/// The arguments that bring up the devcontainer of a folder. A configuration is named where the CLI does not look by itself.
pub fn up(workspace: &str, configuration: Option<&str>, engine: &str) -> Vec<String> {
    let mut words = vec!["up", "--workspace-folder", workspace, "--docker-path", engine];
    if let Some(configuration) = configuration {
        words.extend(["--config", configuration]);
    }
    words.into_iter().map(str::to_owned).collect()
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
enum Outcome {
    #[serde(rename_all = "camelCase")]
    Success {
        container_id: String,
    },
    Error {
        message: Option<String>,
        description: Option<String>,
    },
}

/// The container that was brought up, by its id; else why there is none, in one sentence.
pub fn brought_up(answer: &str) -> Result<String, String> {
    let line = answer.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let line = line.ok_or("the devcontainer CLI answered nothing")?;
    match serde_json::from_str(line) {
        Ok(Outcome::Success { container_id }) if !container_id.is_empty() => Ok(container_id),
        Ok(Outcome::Success { .. }) => Err("the devcontainer CLI names no container".to_owned()),
        Ok(Outcome::Error { message, description }) => {
            let told = [description, message].into_iter().flatten().find(|text| !text.trim().is_empty());
            let told = told.unwrap_or_else(|| "it does not say why".to_owned());
            let line = told.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(300);
            Err(format!("the devcontainer CLI could not bring it up: {}", line.collect::<String>()))
        }
        Err(error) => Err(format!("the devcontainer CLI answered something else than is understood: {error}")),
    }
}

/// What a configuration runs on the machine that brings it up, before anything is in a container; none where it runs nothing.
pub fn runs_here(configuration: &str) -> Option<String> {
    let parsed = parse_to_ast(configuration, &CollectOptions::default(), &ParseOptions::default()).ok()?;
    let value = Value::from(parsed.value?);
    let words = |command: &Value| match command {
        Value::String(line) => line.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    match value.get("initializeCommand")? {
        Value::Null => None,
        Value::Object(several) => Some(several.values().map(words).collect::<Vec<_>>().join("; ")),
        one => Some(words(one)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_the_cli_is_read_or_told() {
        let success = "noise\n{\"outcome\":\"success\",\"containerId\":\"4d2f\",\"remoteUser\":\"dev\"}\n\n";
        assert_eq!(brought_up(success), Ok("4d2f".to_owned()));
        for (answer, told) in [
            ("", "the devcontainer CLI answered nothing"),
            (
                "{\"outcome\":\"error\",\"message\":\"Command failed: podman build\\nmore\",\"description\":\"An error occurred building the image.\"}",
                "the devcontainer CLI could not bring it up: An error occurred building the image.",
            ),
            ("{\"outcome\":\"error\"}", "the devcontainer CLI could not bring it up: it does not say why"),
            ("{\"outcome\":\"success\",\"containerId\":\"\"}", "the devcontainer CLI names no container"),
        ] {
            assert_eq!(brought_up(answer), Err(told.to_owned()));
        }
        assert!(brought_up("hello").unwrap_err().starts_with("the devcontainer CLI answered something else"));
    }

    #[test]
    fn what_runs_on_this_machine_is_told_in_every_form() {
        for (configuration, told) in [
            ("{}", None),
            ("{ // none\n \"initializeCommand\": null }", None),
            ("{ \"initializeCommand\": \"make env\" }", Some("make env")),
            ("{ \"initializeCommand\": [\"make\", \"env\"] }", Some("make env")),
            ("{ \"initializeCommand\": { \"a\": \"one\", \"b\": [\"two\", \"2\"] } }", Some("one; two 2")),
        ] {
            assert_eq!(runs_here(configuration).as_deref(), told, "{configuration}");
        }
    }

    #[test]
    fn the_cli_is_told_the_folder_the_engine_and_a_configuration_it_would_not_find() {
        assert_eq!(
            up("/w", Some("/w/.devcontainer/web/devcontainer.json"), "podman").join(" "),
            "up --workspace-folder /w --docker-path podman --config /w/.devcontainer/web/devcontainer.json"
        );
    }
}
