//! Runs a suite of scripts and prints a line for each: for those who work on the stack.

use std::path::Path;
fn main() {
    let defines = drill::Setup::default().symbols();
    let verbose = std::env::args().len() < 4;
    let (mut p, mut f, mut u) = (0, 0, 0);
    for file in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&file).unwrap();
        let report = match drill::Script::parse_with(&file, &text, &defines) {
            Ok(script) => script.run(&drill::Setup::default(), Path::new(&file).parent().unwrap()),
            Err(error) => drill::Report::of_error(error),
        };
        let short = file.rsplit("/tcp/").next().unwrap();
        match &report.verdict {
            drill::Verdict::Passed => {
                p += 1;
                println!("PASS {short}");
            }
            drill::Verdict::Failed(m) => {
                f += 1;
                if verbose {
                    println!("{m}")
                } else {
                    println!(
                        "FAIL {short}:{} {} | {}",
                        m.place.line,
                        m.what,
                        m.line.chars().take(90).collect::<String>()
                    );
                }
            }
            drill::Verdict::Unsupported(at, why) => {
                u += 1;
                println!("UNSUP {short}:{} {why}", at.line);
            }
            drill::Verdict::Invalid(at, why) => {
                f += 1;
                println!("INVALID {short}:{} {why}", at.line);
            }
        }
    }
    println!("{p} passed, {f} failed, {u} unsupported");
}
