fn main() {
    for f in std::env::args().skip(1) {
        let s = std::fs::read_to_string(&f).unwrap();
        if let Err(e) = drill::Script::parse(&f, &s) { println!("{e}"); }
    }
}
