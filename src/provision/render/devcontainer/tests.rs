//! Devcontainers of a spec and a lock alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Existing, Given, Rendered, dockerfile_path, render};
use crate::provision::render::RenderError;
use crate::spec::{Environment, Fact, GateFact, Lock, Locked, Machine, RepoFact, VersionFact, Vocabulary, parse};

const SPEC: &str = r#"
name = "shop"
[targets.dev]
kind = "devcontainer"
[tools]
node = { policy = "exact", install = { apt = "nodejs" } }
claude = { policy = "exact", install = { npm = "@anthropic-ai/claude-code" } }
tidy = "exact"
[packages]
npm = ["prettier", "eslint"]
apt = ["jq", "make"]
[repos.shop]
path = "~/src/shop"
url = "https://example.com/shop"
"#;

fn environment(target: &str) -> Environment {
    let spec = SPEC.replace("kind = \"devcontainer\"\n", &format!("kind = \"devcontainer\"\n{target}\n"));
    parse("t.toml", &spec, &Vocabulary { managers: vec!["npm", "apt"], gates: vec![] }).unwrap()
}

fn version(version: &str) -> Locked {
    Locked::Present(Fact::Version(VersionFact { version: version.to_owned(), product: None, path: None }))
}

/// Of a repository whose hook comes with its packages.
fn lock(os: &str, os_version: &str) -> Lock {
    let gate = |does: &str, leaves: &[(&str, &str)]| {
        let mut gate = GateFact::new(does);
        gate.leaves = leaves.iter().map(|(leaf, value)| ((*leaf).to_owned(), (*value).to_owned())).collect();
        Locked::Present(Fact::Gate(gate))
    };
    let items = [
        ("tool:node", version("18.20.4")),
        ("tool:claude", version("2.0.1")),
        ("tool:tidy", version("5.6.0")),
        ("package:npm/prettier", version("3.3.3")),
        ("package:npm/eslint", version("9.1.0")),
        ("package:apt/jq", version("1.6-2.1")),
        ("package:apt/make", version("4.3-4.1")),
        ("repo:shop", Locked::Present(Fact::Repo(RepoFact { remotes: [].into(), written: None }))),
        ("hook:shop/pre-commit", gate("runs", &[("manager", "husky")])),
        ("gate:shop/npm", gate("in step with web/package-lock.json", &[])),
    ];
    Lock {
        environment: "shop".to_owned(),
        reference: Machine { os: Some(os.to_owned()), os_version: Some(os_version.to_owned()), ..Machine::default() },
        items: items.into_iter().map(|(id, locked)| (id.parse().unwrap(), locked)).collect(),
        listed: BTreeSet::new(),
        samples: BTreeMap::new(),
    }
}

fn rendered(environment: &Environment, lock: &Lock, existing: Option<Existing<'_>>) -> Result<Rendered, RenderError> {
    render(&Given { environment, lock, target: &environment.targets[0], repo: None, existing })
}

fn with_repo<'a>(environment: &'a Environment, lock: &'a Lock) -> Given<'a> {
    Given { environment, lock, target: &environment.targets[0], repo: Some(("shop", "~/src/shop")), existing: None }
}

fn existing<'a>(text: &'a str, dockerfile: Option<&'a str>) -> Option<Existing<'a>> {
    Some(Existing { path: ".devcontainer/devcontainer.json", text, dockerfile })
}

fn text<'a>(rendered: &'a Rendered, path: &str) -> &'a str {
    let file = rendered.files.iter().find(|file| file.path == path);
    &file.unwrap_or_else(|| panic!("no {path} in {rendered:?}")).text
}

fn parsed(text: &str) -> Value {
    jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &jsonc_parser::ParseOptions::default())
        .unwrap()
        .value
        .map(Value::from)
        .unwrap()
}

#[test]
fn the_texts_are_the_documented_ones() {
    let rendered = rendered(&environment(""), &lock("linux", "12"), None).unwrap();
    let files = rendered.files.iter().map(|file| format!("==> {}\n{}", file.path, file.text));
    insta::assert_snapshot!(files.collect::<String>());
    assert_eq!(
        rendered.notes,
        [
            "not in the image: tool:tidy: no provider is named for it; say which package brings it: install = { npm = \"…\" }"
        ]
    );
}

#[test]
fn the_repository_of_the_folder_is_mounted_in_its_place_and_set_up() {
    let (environment, lock) = (environment(""), lock("linux", "12"));
    let rendered = render(&with_repo(&environment, &lock)).unwrap();
    let json = parsed(text(&rendered, ".devcontainer/devcontainer.json"));
    assert_eq!(json["workspaceFolder"], "/home/dev/src/shop");
    assert_eq!(json["workspaceMount"], "source=${localWorkspaceFolder},target=/home/dev/src/shop,type=bind");
    let path = "PATH=\"$PWD/node_modules/.bin:$PWD/.venv/bin:$PATH\"";
    let set_up = format!("(cd web && {path} npm ci) && {path} npm run prepare");
    assert_eq!(json["postCreateCommand"], json!({ "trueup": set_up }));
    let dockerfile = text(&rendered, ".devcontainer/Dockerfile");
    assert!(dockerfile.ends_with("RUN set -e; \\\n    mkdir -p /home/dev/src\n"), "{dockerfile}");
    let theirs =
        "{ \"image\": \"debian:12\", \"postCreateCommand\": { \"theirs\": \"make\" }, \"workspaceFolder\": \"/w\" }";
    let amended = render(&Given { existing: existing(theirs, None), ..with_repo(&environment, &lock) }).unwrap();
    let json = parsed(text(&amended, ".devcontainer/devcontainer.json"));
    assert_eq!(json["postCreateCommand"], json!({ "theirs": "make", "trueup": set_up }));
    assert_eq!((&json["workspaceFolder"], &json["workspaceMount"]), (&json!("/w"), &Value::Null));
}

#[test]
fn what_is_rendered_is_rendered_again_as_it_is() {
    for target in ["", "image = \"ubuntu:24.04\"\nuser = \"me\"", "user = \"root\""] {
        let (environment, lock) = (environment(target), lock("linux", "12"));
        let first = rendered(&environment, &lock, None).unwrap();
        let (json, dockerfile) = (&first.files[0], &first.files[1]);
        let there = existing(&json.text, Some(&dockerfile.text));
        assert_eq!(rendered(&environment, &lock, there).unwrap(), first, "{target}");
    }
}

#[test]
fn what_is_written_is_what_a_devcontainer_json_may_hold() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../fixtures/schema/devcontainer-keys.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let (environment, lock) = (environment(""), lock("linux", "12"));
    for rendered in [
        rendered(&environment, &lock, None),
        rendered(&environment, &lock, existing("{ \"image\": \"debian:12\" }", None)),
        render(&with_repo(&environment, &lock)),
    ] {
        let json = parsed(text(&rendered.unwrap(), ".devcontainer/devcontainer.json"));
        assert!(schema.is_valid(&json), "{json}");
    }
}

#[test]
fn a_configuration_that_somebody_wrote_keeps_its_comments_and_gives_the_image() {
    let theirs = "// Ours.\n{\n\t\"name\": \"web\", // as we call it\n\t/* pinned */\n\t\"image\": \"node:20\",\n\t\
                  \"containerUser\": \"node\",\n\t\"forwardPorts\": [3000],\n\t\"postCreateCommand\": \"npm ci\",\n}\n";
    let environment = environment("");
    let rendered = rendered(&environment, &lock("linux", "12"), existing(theirs, None)).unwrap();
    let amended = text(&rendered, ".devcontainer/devcontainer.json");
    insta::assert_snapshot!(amended);
    let dockerfile = text(&rendered, ".devcontainer/Dockerfile");
    assert!(dockerfile.contains("\nARG IMAGE=node:20\n") && dockerfile.contains("\nUSER node\n"), "{dockerfile}");
    let again = render(&Given {
        environment: &environment,
        lock: &lock("linux", "12"),
        target: &environment.targets[0],
        repo: None,
        existing: existing(amended, Some(dockerfile)),
    });
    assert_eq!(again.unwrap().files, rendered.files);
}

#[test]
fn the_image_that_the_spec_names_counts_more() {
    let theirs =
        "{ \"build\": { \"dockerfile\": \"Dockerfile\", \"args\": { \"IMAGE\": \"node:20\", \"OTHER\": \"x\" } } }";
    let environment = environment("image = \"node:22\"");
    let rendered =
        rendered(&environment, &lock("linux", "12"), existing(theirs, Some("# Rendered by trueup x"))).unwrap();
    let json = parsed(text(&rendered, ".devcontainer/devcontainer.json"));
    assert_eq!(json["build"], json!({ "dockerfile": "Dockerfile", "args": { "OTHER": "x" } }));
    assert!(text(&rendered, ".devcontainer/Dockerfile").contains("\nARG IMAGE=node:22\n"));
}

#[test]
fn a_dockerfile_that_somebody_wrote_stays() {
    for (theirs, there) in [
        ("{ \"build\": { \"dockerfile\": \"../Dockerfile\" } }", None),
        ("{ \"build\": { \"dockerfile\": \"Dockerfile\" } }", Some("FROM debian")),
        ("{ \"image\": \"debian\" }", Some("FROM debian")),
    ] {
        let rendered = rendered(&environment(""), &lock("linux", "12"), existing(theirs, there)).unwrap();
        let [json] = rendered.files.as_slice() else { panic!("{:?}", rendered.files) };
        let (before, after) = (parsed(theirs), parsed(&json.text));
        assert_eq!((&before["build"], &before["image"]), (&after["build"], &after["image"]), "{theirs}");
        assert_eq!(after["waitFor"], "postCreateCommand");
        assert!(rendered.notes.iter().any(|note| note.contains("stays as it is; `trueup apply dev`")), "{rendered:?}");
    }
}

#[test]
fn a_configuration_beside_the_folder_finds_the_dockerfile_in_it() {
    let environment = environment("");
    let there = Existing { path: ".devcontainer.json", text: "{}\n", dockerfile: None };
    let rendered = rendered(&environment, &lock("linux", "12"), Some(there)).unwrap();
    let json = parsed(text(&rendered, ".devcontainer.json"));
    assert_eq!(json["build"], json!({ "dockerfile": ".devcontainer/Dockerfile", "context": ".devcontainer" }));
    text(&rendered, ".devcontainer/Dockerfile");
    assert_eq!(dockerfile_path(".devcontainer/web/devcontainer.json"), ".devcontainer/web/Dockerfile");
}

#[test]
fn what_cannot_be_amended_is_named() {
    for (theirs, message) in [
        ("{ \"dockerComposeFile\": \"compose.yml\" }", "it is made of a compose file"),
        ("{ \"remoteUser\": \"${localEnv:USER}\" }", "trueup does not support variables in remoteUser"),
        ("[]", "it holds no object"),
        ("{ \"image\": ", "Expected value after colon"),
        ("{ \"build\": 7 }", "`build` is no object"),
    ] {
        let error = rendered(&environment(""), &lock("linux", "12"), existing(theirs, None)).unwrap_err().to_string();
        assert!(error.starts_with(".devcontainer/devcontainer.json: ") && error.contains(message), "{theirs}: {error}");
    }
    let mut lock = lock("linux", "12");
    lock.items.insert("package:npm/prettier".parse().unwrap(), version("3.3.3\nRUN evil"));
    assert!(matches!(rendered(&environment(""), &lock, None), Err(RenderError::Control(_))));
}

#[test]
fn the_image_is_of_the_references_system() {
    for (os, version, image) in [
        ("linux", "12", "debian:12"),
        ("linux", "24.04", "ubuntu:24.04"),
        ("linux", "3.20.1", "alpine:3.20"),
        ("linux", "rolling", "debian:12"),
        ("macos", "14.5", "debian:12"),
    ] {
        let rendered = rendered(&environment(""), &lock(os, version), None).unwrap();
        let dockerfile = text(&rendered, ".devcontainer/Dockerfile");
        assert!(dockerfile.contains(&format!("\nARG IMAGE={image}\n")), "{os} {version}: {dockerfile}");
    }
}
