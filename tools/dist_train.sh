#!/usr/bin/env bash
# Usage: tools/dist_train.sh CONFIG NUM_PROCESSES [arguments of tools/train.py]
# Uses GPUs if there are any, else one CPU process per rank with gloo.
# For several nodes, set NNODES, NODE_RANK, MASTER_ADDR and PORT.
set -euo pipefail
config=$1
processes=$2
"${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$processes" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "${@:3}"
