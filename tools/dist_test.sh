#!/usr/bin/env bash
# Usage: tools/dist_test.sh CONFIG CHECKPOINT NUM_PROCESSES [arguments of tools/test.py]
# Uses GPUs if there are any, else one CPU process per rank with gloo.
# For several nodes, set NNODES, NODE_RANK, MASTER_ADDR and PORT.
set -euo pipefail
config=$1
checkpoint=$2
processes=$3
"${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$processes" \
    "$(dirname "$0")/test.py" "$config" "$checkpoint" --launcher pytorch \
    "${@:4}"
