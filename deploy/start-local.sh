#!/usr/bin/env bash
# Starts every process of a cluster on loopback from the configuration files beside this script, and keeps them until
# Ctrl-C. Then, in another terminal: trine demo --program linear-tally --cluster deploy/cluster.toml
#
# TRINE_BIN names the folder of the binaries, else it is cargo's release folder; TRINE_ANVIL names anvil.
# Development only: keys and setups come from public seeds, all secrets of the committee are dealt on this machine.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${TRINE_BIN:-}
[[ -n $bin ]] || bin=$("$folder/../scripts/target-dir.sh")/release

for binary in trine trine-engine trine-prover trine-keyholder; do
    [[ -x $bin/$binary ]] || { echo "start-local: no $bin/$binary; build with: cargo build --release --bins" >&2; exit 1; }
done

find_anvil() {
    local machine package
    case $(uname -m) in aarch64) machine=arm64 ;; *) machine=amd64 ;; esac
    package=$folder/../verifier-contract/tools/node_modules/@foundry-rs/anvil-linux-$machine/bin/anvil
    if [[ -n ${TRINE_ANVIL:-} ]]; then echo "$TRINE_ANVIL"
    elif [[ -x $package ]]; then echo "$package"
    else command -v anvil || { echo "start-local: no anvil; set TRINE_ANVIL, or run: make contracts" >&2; exit 1; }
    fi
}
anvil=$(find_anvil)

names=() pids=()
stop() {
    trap - EXIT
    # In the reverse order: those that depend on others first.
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill "${pids[i]}" 2>/dev/null || true; done
    wait
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() { # NAME COMMAND...
    local name=$1
    shift
    "$@" >>"$folder/state/logs/$name.log" 2>&1 </dev/null &
    pids+=($!) names+=("$name")
}

# Fails with the end of its log when a process has ended.
check() {
    local i
    for i in "${!pids[@]}"; do
        kill -0 "${pids[i]}" 2>/dev/null && continue
        echo "start-local: ${names[i]} has ended; end of $folder/state/logs/${names[i]}.log:" >&2
        tail -n 20 "$folder/state/logs/${names[i]}.log" >&2
        return 1
    done
}

"$bin/trine" prepare state --folder "$folder" --fresh

start anvil "$anvil" --host 127.0.0.1 --port 8545 --hardfork osaka --accounts 24 \
    --config-out "$folder/state/accounts.json"
for ((i = 0; i < 200; i++)); do
    check
    [[ -s $folder/state/accounts.json ]] && (: </dev/tcp/127.0.0.1/8545) 2>/dev/null && break
    sleep 0.1
done
"$bin/trine" prepare contracts --folder "$folder"

start prover "$bin/trine-prover" --config "$folder/prover.toml"
start engine "$bin/trine-engine" --config "$folder/engine.toml"
for node in 0 1 2 3; do
    start "keyholder-$node" "$bin/trine-keyholder" --config "$folder/keyholder-$node.toml"
done
"$bin/trine" prepare ready --folder "$folder" &
ready=$!
while kill -0 $ready 2>/dev/null; do
    check || { kill $ready 2>/dev/null || true; exit 1; }
    sleep 0.5
done
wait $ready

echo "ready: trine demo --program linear-tally --cluster $folder/cluster.toml"
while check; do sleep 1; done
exit 1
