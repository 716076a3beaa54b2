#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Builds for Windows what is over hcsshim in Go as the source of Kubernetes has it, with all that it needs: a program of
# ours, or the tests of a package of Kubernetes.
# usage: build.sh KUBERNETES CACHE OUTPUT PROGRAM.go|PACKAGE
set -euo pipefail
kubernetes=$(realpath "$1")
cache=$(realpath -m "$2")
output=$(realpath -m "$3")
what=$4
paths=$(mktemp -d)
trap 'rm -rf "$paths"' EXIT

# Two paths: one where its packages have their names, one where those have that it brings along.
mkdir -p "$paths/own/src/k8s.io" "$paths/others"
ln -s "$kubernetes" "$paths/own/src/k8s.io/kubernetes"
ln -s "$kubernetes/vendor" "$paths/others/src"
export GOOS=windows GOARCH=amd64 CGO_ENABLED=0 GO111MODULE=off GOFLAGS='' GOENV=off GOCACHE=$cache GOTOOLCHAIN=local
if [[ $what == *.go ]]; then
        GOPATH=$paths/others go build -trimpath -ldflags='-s -w' -o "$output" "$what"
else
        cd "$paths/own/src/k8s.io/kubernetes"
        GOPATH=$paths/own go test -c -trimpath -ldflags='-s -w' -o "$output" "k8s.io/kubernetes/$what"
fi
