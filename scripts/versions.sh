# Tools that must have exactly these versions. Read by scripts/setup; no other file repeats them, but for
# WASM_BINDGEN_VERSION, which must be that of `wasm-bindgen` in Cargo.toml.
CARGO_LEPTOS_VERSION=0.3.10
WASM_BINDGEN_VERSION=0.2.129
