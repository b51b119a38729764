//! `handstamp doctor`: checks whether the server can start and run well, and prints what to do. Changes nothing.

use clap::Args;
use serde_json::{Value, json};

use super::logging;
use super::output::print_line;
use super::shared::Failure;
use crate::server::config::{BadSetting, Config, Settings};
use crate::server::doctor::examine;
use crate::server::domain::checkup::{Finding, Verdict};
use crate::server::world::World;

pub const EXAMPLE: &str = "Example: handstamp doctor && systemctl restart handstamp";

#[derive(Args)]
pub struct DoctorArguments {
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

pub async fn run(settings: Settings, arguments: &DoctorArguments) -> Result<(), Failure> {
    let findings = match understand(settings) {
        Ok(config) => {
            let mut findings = vec![settings_found(&config)];
            findings.extend(examine(&config, &World::system()).await);
            findings
        }
        // The settings say where files and store are: without good settings, these are not checked.
        Err(bad) => bad.into_iter().map(|bad| Finding::problem("settings", bad.what(), bad.fix)).collect(),
    };
    if arguments.json {
        print_line(Value::Array(findings.iter().map(row).collect()))?;
    } else {
        for finding in &findings {
            print_line(logging::one_line(&line(finding), false))?;
        }
    }
    match findings.iter().filter(|finding| finding.verdict == Verdict::Problem).count() {
        0 => Ok(()),
        1 => Err("the doctor found a problem; see above".into()),
        problems => Err(format!("the doctor found {problems} problems; see above").into()),
    }
}

/// Returns the configuration, or all bad settings.
fn understand(mut settings: Settings) -> Result<Config, Vec<BadSetting>> {
    let mut all = Vec::new();
    loop {
        match Config::from_settings(&settings) {
            Ok(config) if all.is_empty() => return Ok(config),
            Ok(_) => return Err(all),
            Err(bad) => {
                // Without this setting, the next bad one is found. A missing setting cannot be removed.
                let more = settings.remove(bad.name);
                all.push(bad);
                if !more {
                    return Err(all);
                }
            }
        }
    }
}

fn settings_found(config: &Config) -> Finding {
    match logging::filter(config) {
        Ok(_) => Finding::ok("settings", "all are valid"),
        Err(failure) => {
            let line = failure.to_string();
            let (found, fix) = line.split_once("; ").unwrap_or((&line, "see --help"));
            Finding::problem("settings", found, fix)
        }
    }
}

fn line(finding: &Finding) -> String {
    let separator = if finding.fix.is_empty() { "" } else { "; " };
    format!("{:<8} {:<11} {}{separator}{}", finding.verdict.as_str(), finding.check, finding.found, finding.fix)
}

fn row(finding: &Finding) -> Value {
    json!({
        "check": finding.check,
        "verdict": finding.verdict.as_str(),
        "found": finding.found,
        "fix": (!finding.fix.is_empty()).then_some(&finding.fix),
    })
}
