#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The page of `hcstrace show --html` in a browser without a window: what it shows, its keys, its search, two traces side by
# side, a trace of 100,000 records, and one made to break out of it. usage: run.sh SOURCE_DIR BUILD_DIR

set -u
source=$1 hcstrace=$2/cmd/hcstrace/hcstrace
browser=$(command -v chromium-headless-shell || command -v chromium) || { echo "no chromium is installed"; exit 77; }
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"

# open PAGE HASH: the document as it is then, in $work/out; what went wrong in its script is told
open() {
        HOME=$work timeout 100 "$browser" --headless --no-sandbox --disable-gpu --no-first-run --user-data-dir="$work/profile" --window-size=1400,900 \
                --host-resolver-rules='MAP * ~NOTFOUND' --enable-logging=stderr --virtual-time-budget=4000 --dump-dom \
                "file://$1#$2" >"$work/dom" 2>"$work/browser.log" || fail "the browser ends with $?"
        sed -e '/^<style>/,/<\/style>$/d' -e '/^<script/,/<\/script>$/d' "$work/dom" >"$work/out"
        grep -E 'CONSOLE.*(Error|Refused)' "$work/browser.log" && fail "the script of the page fails: $1#$2"
}

demo=$work/demo.trace other=$work/other.trace
expect 0 "record" "$hcstrace" record -o "$demo" -- "$2/cmd/hcsdemo/hcsdemo"
expect 0 "record another" "$hcstrace" record -o "$other" -- "$2/cmd/hcsdemo/hcsdemo" --id web --memory 2048

expect 0 "a page" "$hcstrace" show --html -o "$work/demo.html" "$demo"
open "$work/demo.html" ""
says '<title>demo.trace — trace</title>'
matches 'role="status">24 of [0-9]* records shown, 0 failed<'
matches 'data-painted="5"' # a system, its processes, a thread
says 'HcsCreateComputeSystem'
silent_about 'aria-selected="true"'
silent_about 'name">HcsCreateOperation'

open "$work/demo.html" "line=4"
matches 'aria-selected="true".*HcsCreateComputeSystem'
says '<h2>HcsCreateComputeSystem</h2>'
says 'class="k">"SizeInMB"</span>: <span class="n_">1024</span>'
says 'S_OK 0x00000000'
open "$work/demo.html" "line=5" # the return belongs to the call
says '<h2>HcsCreateComputeSystem</h2>'

open "$work/demo.html" "keys=j,j,j,]"
says '<h2>HcsCreateProcess</h2>'
open "$work/demo.html" "keys=End,k"
says '<h2>SystemExited</h2>'
open "$work/demo.html" "keys=n"
says 'no further one'
open "$work/demo.html" "keys=t,o"
says 'data-theme="dark"'
says '>order</button>'
open "$work/demo.html" "show=plumbing"
says 'HcsCreateOperation'

open "$work/demo.html" "q=on%3Aprocess%2F2"
matches 'role="status">7 of '
matches 'data-painted="3"'
open "$work/demo.html" "q=SizeInMB%20quiet&keys=j"
matches 'role="status">1 of '
says '<mark'
open "$work/demo.html" "q=code%3Afail"
matches 'role="status">0 of '

# Against the one before on the same object, and against another trace.
open "$work/demo.html" "line=22&keys=j,j,]"
open "$work/demo.html" "q=GetComputeSystemProperties&keys=j,j,c"
matches 'class="add".*Statistics'
says '− '
expect 0 "a page of two" "$hcstrace" show --html --against "$other" -o "$work/two.html" "$demo"
open "$work/two.html" "keys=d"
says '≠ differs from the other trace'
matches 'class="del">.*2048'
matches 'class="add">.*1024'
says 'line 4 of other.trace'
matches 'role="status">.*differ from other.trace, which has 0 more<'
open "$work/two.html" "show=different"
matches 'role="status">[12] of '

# Bridges, and logs that were imported.
expect 0 "a page of a bridge" "$hcstrace" show --html -o "$work/bridge.html" "$source/fixtures/traces/bridge/container.trace"
open "$work/bridge.html" "keys=j,j,j,j,j,j"
says '<h2>Request(Start)</h2>'
says '<h3>answer</h3>'
matches 'data-painted="3"'
expect 0 "a page of a failure" "$hcstrace" show --html -o "$work/failure.html" \
        "$source/fixtures/traces/imported/hcs-48-result-invalid-json-8037010d.trace"
open "$work/failure.html" "keys=n"
says 'HCS_E_INVALID_JSON 0x8037010D'

expect 0 "a page of a container with a network" "$hcstrace" show --html -o "$work/lcow.html" "$source/fixtures/traces/lcow/network.trace"
open "$work/lcow.html" "q=HcnCreateEndpoint&keys=j"
says '<h2>HcnCreateEndpoint</h2>'
open "$work/lcow.html" "q=on%3Abridge%2F1%20Create&keys=j"
says '<h2>Request(Create)</h2>'
says '<h3>answer</h3>'

# Markup in a trace stays text.
cat >"$work/evil.trace" <<'TRACE'
{"trace":"hcs","version":1,"recorder":"</script><script>document.title='owned'</script>","redacted":true,"started":"<img src=x onerror=\"document.title='owned'\">"}
{"call":"HcsCreateComputeSystem</script><script>document.title='owned'</script>","dll":"computecore","n":1,"t":5,"thread":1,"args":{"id":"<img src=x onerror=document.title='owned'>","configuration":{"<!--<script>":"</SCRIPT ><svg onload=document.title='owned'>","__proto__":{"constructor":1},"big":18446744073709551615}}}
{"return":1,"t":9,"hr":"0x8037010D","out":{"system":"system/1"}}
{"event":"<b>x</b>","on":"__proto__","t":10,"data":{"a":"]]>&lt;&amp;"}}
{"frame":"Request(Create)","on":"constructor","from":"host","id":1,"t":10,"document":{"ContainerId":{"not":"a text"}}}
{"no such kind":"<script>"}
TRACE
expect 0 "a page of markup" "$hcstrace" show --html -o "$work/<b>evil.html" "$work/evil.trace"
mv "$work/<b>evil.html" "$work/evil.html"
[[ $(grep -o '<[sS][cC][rR][iI][pP][tT]' "$work/evil.html" | wc -l) -eq 3 ]] || fail "markup of the trace is markup of the page"
open "$work/evil.html" "line=2"
says '<title>evil.trace — trace</title>'
silent_about '<img|<svg|<b>x'
says '18446744073709551615'
says 'HcsCreateComputeSystem&lt;/script&gt;'
sed 's,<footer,<script>document.title="owned"</script><footer onclick="1",' "$work/demo.html" >"$work/injected.html"
HOME=$work timeout 100 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --virtual-time-budget=2000 --dump-dom \
        "file://$work/injected.html" >"$work/out" 2>/dev/null
says '<title>demo.trace — trace</title>'
silent_about '<title>owned'
! grep -qE '(src|href)="?(https?:|//)' "$work/demo.html" || fail "the page loads something"

# Large.
awk 'BEGIN {
        print "{\"trace\":\"hcs\",\"version\":1,\"recorder\":\"test\",\"redacted\":true}"
        for (i = 1; i <= 50000; i++) {
                printf "{\"call\":\"HcsModifyComputeSystem\",\"dll\":\"computecore\",\"n\":%d,\"t\":%d,\"thread\":%d,\"args\":{\"system\":\"system/%d\",\"configuration\":{\"number\":%d}}}\n", i, i * 1000, i % 8 + 1, i % 300 + 1, i
                printf "{\"return\":%d,\"t\":%d,\"hr\":\"%s\"}\n", i, i * 1000 + 500, i % 10000 ? "0x00000000" : "0x80370110"
        }
}' >"$work/large.trace"
expect 0 "a page of 100,000 records" "$hcstrace" show --html -o "$work/large.html" "$work/large.trace"
open "$work/large.html" "keys=End,p"
matches 'role="status">50000 of 50000 records shown, 5 failed<'
matches 'data-painted="308"'
says '<span class="n_">40000</span>'
[[ $(grep -o 'class="row ' "$work/out" | wc -l) -lt 100 ]] || fail "the list holds rows that nobody sees"

HOME=$work timeout 100 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --print-to-pdf="$work/page.pdf" \
        "file://$work/two.html#line=4" >/dev/null 2>&1
[[ $(head -c 5 "$work/page.pdf" 2>/dev/null) = %PDF- ]] || fail "the page does not print"

# Bad input and wrong usage.
expect 1 "what is no trace makes no page" "$hcstrace" show --html -o "$work/none.html" /dev/null
[[ ! -s $work/none.html ]] || fail "half a page is left"
sed '5s/.*/{"call":/' "$demo" >"$work/bad.trace"
expect 1 "a bad line makes no page" "$hcstrace" show --html -o "$work/none.html" "$work/bad.trace"
[[ ! -s $work/none.html ]] || fail "half a page is left"
head -c 2000 "$demo" >"$work/cut.trace"
expect 0 "a trace that is cut off makes a page" "$hcstrace" show --html -o "$work/cut.html" "$work/cut.trace"
open "$work/cut.html" ""
says 'cut off in its last line'
expect 1 "a page that cannot be written" "$hcstrace" show --html -o /dev/full "$demo"
expect 2 "a page of standard input against another" "$hcstrace" show --html --against "$other" -
expect 2 "a second trace without a page" "$hcstrace" show --against "$other" "$demo"
finish
