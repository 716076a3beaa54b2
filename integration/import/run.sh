#!/bin/bash
# SPDX-License-Identifier: MIT
#
# hcstrace import over every log in fixtures/logs: the report and the trace are those beside them in
# fixtures/traces/imported, and playing the trace fails the way the log did. usage: run.sh BUILD_DIR
# With UPDATE=1 the reports and traces are written anew; look at the difference before it is committed.

set -u
build=$1
source=$(dirname "$0")/../..
hcstrace=$build/cmd/hcstrace/hcstrace
play=$build/integration/play
imported=$source/fixtures/traces/imported
# shellcheck source=integration/checks.sh
source "$(dirname "$0")/../checks.sh"

# one NAME LOG...: what they become is what is kept under that name
one() {
        local name=$1 got
        shift
        rm -f "$work/trace"
        timeout 60 "$hcstrace" import --json "$@" -o "$work/trace" >"$work/out" 2>"$work/err"
        got=$?
        if [[ -n ${UPDATE-} ]]; then
                cp "$work/out" "$imported/$name.report"
                rm -f "$imported/$name.trace"
                [[ ! -e $work/trace ]] || cp "$work/trace" "$imported/$name.trace"
        fi
        cmp -s "$work/out" "$imported/$name.report" ||
                fail "$name: $(diff "$work/out" "$imported/$name.report" | cut -c1-300 | head -n 6)"
        if [[ ! -e $imported/$name.trace ]]; then
                [[ $got -eq 3 ]] || fail "$name: exit code $got instead of 3"
                [[ ! -e $work/trace ]] || fail "$name: a trace was made of nothing"
                return
        fi
        [[ $got -eq 0 ]] || fail "$name: exit code $got: $(<"$work/err")"
        cmp -s "$work/trace" "$imported/$name.trace" ||
                fail "$name: $(diff "$work/trace" "$imported/$name.trace" | cut -c1-300 | head -n 6)"
        timeout 60 "$play" "$work/trace" >"$work/played" 2>&1 || fail "$name: $(<"$work/played")"
}

seen=0
for log in "$source"/fixtures/logs/*.{log,json}; do
        name=${log##*/}
        one "${name%.*}" "$log"
        seen=$((seen + 1))
done

# Whatever carries the lines of a log, they tell the same. Lines of CRI come in two records; a collector may have
# taken the newline from a record, or printed it anew (printed); times are those of the lines.
carry() { # CARRIER <LOG
        awk -v carrier="$1" '
                function json(s) { s = s ""; gsub(/\\/, "\\\\\\\\", s); gsub(/"/, "\\\\\"", s); gsub(/\t/, "\\\\t", s); gsub(/\033/, "\\\\u001b", s); return s }
                function xml(s) { s = s ""; gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); gsub(/"/, "\\&quot;", s); return s }
                function csv(s) { s = s ""; gsub(/"/, "\"\"", s); return s }
                function docker(s, end) { printf "{\"log\":\"%s%s\",\"stream\":\"stderr\",\"time\":\"unknown\"}\n", json(s), end }
                function cri(s, tag) { printf "2001-01-01T00:00:00.5Z stderr %s %s\n", tag, s }
                BEGIN { if (carrier == "csv") print "Level,Date and Time,Source,Event ID,Task Category" }
                { half = length($0) > 40 ? 20 : 0; sub(/\r$/, "") }
                carrier == "docker" { docker($0, NR % 2 ? "\\n" : "") }
                carrier == "printed" { printf "{ \"stream\": \"stderr\", \"time\": \"unknown\", \"log\": \"%s\\n\" }\n", json($0) }
                carrier == "cri" { if (half) cri(substr($0, 1, half), "P"); cri(substr($0, half + 1), "F") }
                carrier == "journal" { printf "{\"__REALTIME_TIMESTAMP\":\"unknown\",\"SYSLOG_IDENTIFIER\":\"dockerd\",\"MESSAGE\":\"%s\"}\n", json($0) }
                carrier == "event" {
                        print "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System><EventID>1</EventID></System>"
                        printf "  <EventData><Data>%s</Data><Data/></EventData>\n</Event>\n", xml($0)
                }
                carrier == "csv" { printf "Information,7/1/2024 10:00:00 AM,docker,1,None,\"%s\"\n", csv($0) }
                carrier == "quotation" { print "> > " $0 }'
}
for carrier in docker printed cri journal event csv quotation; do
        carried=0
        for log in "$source"/fixtures/logs/*.log; do
                name=${log##*/}
                name=${name%.log}
                [[ -e $imported/$name.trace && $name != utf16-* ]] || continue
                carry "$carrier" <"$log" >"$work/$name.log"
                timeout 60 "$hcstrace" import --json "$work/$name.log" -o "$work/trace" >"$work/out" 2>"$work/err" ||
                        fail "$name in $carrier: $(tail -n 3 "$work/err")"
                diff <(sed 's/"t":[0-9]*//; s/,"started":"[^"]*"//' "$work/trace") \
                        <(sed 's/"t":[0-9]*//; s/,"started":"[^"]*"//' "$imported/$name.trace") >"$work/diff" ||
                        fail "$name in $carrier: $(cut -c1-300 "$work/diff" | head -n 4)"
                carried=$((carried + 1))
                rm -f "$work/$name.log"
        done
        [[ $carried -gt 30 ]] || fail "only $carried logs in $carrier"
done

# tells TITLE SYSTEMS [STARTED] <LOG: which systems were started, in order, and since when
tells() {
        local got
        cat >"$work/told.log"
        rm -f "$work/trace"
        timeout 60 "$hcstrace" import -v "$work/told.log" -o "$work/trace" >"$work/out" 2>"$work/err"
        got=$(sed -nE 's/.*"call":"HcsOpenComputeSystem".*"id":"([^"]*)".*/\1/p' "$work/trace" | tr '\n' ' ')
        [[ $got == "$2 " ]] || fail "$1: systems ${got:-none} instead of $2: $(<"$work/err")"
        [[ -z ${3-} ]] || head -n 1 "$work/trace" | grep -qF "\"started\":\"$3\"" || fail "$1: $(head -n 1 "$work/trace")"
}
start() { # SYSTEM [MORE]: the line of a start, without a time
        printf 'level=info msg=Span name=HcsStartComputeSystem cid=%s%s' "$1" "${2-}"
}
event() { # DATA
        printf "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><TimeCreated SystemTime='2024-07-01T11:00:03.5Z'/></System><EventData>%s</EventData></Event>\n" "$1"
}
docker() { # STREAM TEXT
        printf '{"log":"%s","stream":"%s","time":"2024-07-01T10:00:00.25Z"}\n' "$2" "$1"
}
pad=$(printf 'x%.0s' {1..16384})

# Where a line tells no time, its record does.
docker stdout "$(start a)\\n" | tells "a time of json-file" a 2024-07-01T10:00:00.25Z
echo "2024-07-01T12:00:00.5+02:00 stdout F $(start a)" | tells "a time of CRI" a 2024-07-01T10:00:00.5Z
echo "{\"__REALTIME_TIMESTAMP\":\"1719828000125000\",\"MESSAGE\":\"$(start a)\"}" | tells "a time of the journal" a 2024-07-01T10:00:00.125Z
event "<Data>$(start a)</Data>" | tells "a time of an event" a 2024-07-01T11:00:03.5Z

# Streams, pieces, and what stands around records.
{ docker stdout "$(start a " pad=$pad")"; docker stderr "noise\\n"; docker stdout "$pad error=none\\n"; docker stdout "$(start b)"; } |
        tells "a long line of json-file" "a b"
{
        echo "2024-07-01T10:00:00Z stderr P $(start a)"
        echo "2024-07-01T10:00:00Z stdout F noise"
        echo "2024-07-01T10:00:00Z stderr F bc"
} | tells "two streams of CRI" abc
printf '2024-07-01T10:00:01Z {"log":"%s\\n","stream":"stdout","time":"x"}\n' "$(start a)" | tells "records behind a stamp" a
printf '\033[32m{"log":"%s\\n","stream":"stdout","time":"x"}\033[0m\n' "$(start a)" | tells "coloured records" a
{ echo "{\"__REALTIME_TIMESTAMP\":\"1\",\"MESSAGE\":[\"$(start a)\",\"$(start b)\"]}"; echo '{"__REALTIME_TIMESTAMP":"1","MESSAGE":null}'; } |
        tells "several messages of the journal" "a b"
grep -q 'message is left out' "$work/err" || fail "a message that is left out is not told: $(<"$work/err")"

# Events of all makes; what is none; one that never ends.
{ printf '<?xml version="1.0" encoding="utf-8"?><Events>'; event "<Data Name='x'>$(start a)</Data><Data/><Data>$(start b)&#10;$(start c)</Data>"; echo '</Events>'; } |
        tells "events of a file" "a b c"
event "<Data><![CDATA[$(start a) error=\"x &quot; y\"]]></Data>" | tells "an event with CDATA" a
printf "<Event xmlns='x'><System></System><UserData><Message>%s</Message></UserData></Event>\n" "$(start a)" | tells "an event without Data" a
{ echo "  <Event Name='x'/>"; docker stdout "$(start a)\\n"; } | tells "an element that is no event" a
{
        printf "<Event xmlns='x'><System><TimeCreated SystemTime='2024-07-01T09:00:00Z'/></System>\n<EventData>\n"
        echo "time=\"2024-07-01T10:00:00Z\" $(start a)"
        event "<Data>$(start b)</Data>"
} | tells "an event that is cut" "a b" 2024-07-01T10:00:00Z
{ echo "> <Event xmlns='x'><EventData>"; echo "> <Data>$(start a)</Data>"; echo "> </EventData></Event>"; } | tells "an event that is quoted" a
{ printf "<Event xmlns='x'>"; printf '<Data>%.0s' {1..200000}; echo '</Event>'; start a; } | tells "an event of nothing but beginnings" a

# CSV over several lines, with quotes inside, and one that never ends.
{
        echo "Information,1,docker,1,None,\"$(start a ' error=""x"" y=""')"
        echo "$(start b ' z=""q""')\""
        echo "Error,2,docker,1,None,\"$(start c)"
        echo "Error,3,docker,1,None,$(start d)"
} | tells "events as CSV" "a b c d"

# What is torn takes nothing of what is behind it along.
torn=("{\"log\":\"$(start torn)\",\"stream\":\"std"
        "2024-07-01T10:00:00Z stdout P"
        "<Event xmlns='x'><EventData>"
        "Error,1,docker"
        "{\"__REALTIME_TIMESTAMP\":\"1719828000100000\",\"MESSAGE\":[104,105,-1]}")
for record in "${torn[@]}"; do
        { echo "$record"; echo "time=\"2024-07-01T10:00:00Z\" $(start a)"; event "<Data>$(start b)</Data>"; docker stdout "$(start c)\\n"; } >"$work/torn"
        tells "behind $record" "a c b" <"$work/torn"
done
echo '2024-07-01T10:00:00Z stdout P time="2024-07-01T10:00:00Z" level=info msg=' >"$work/long.log"
head -c 40000000 /dev/zero | tr '\0' 'x' | fold -w 100000 | sed 's/^/2024-07-01T10:00:00Z stdout P /' >>"$work/long.log"
printf '\n%s\n' "$(start a)" >>"$work/long.log"
tells "a line of many records" a <"$work/long.log"
grep -q 'longer than 16 MiB' "$work/err" || fail "a line of many records that is cut is not told"

# What other systems call a network is none of HNS.
printf '%s\n' '{"Success":false,"Error":"timeout of the test"}' '{"Type":"application","Subnets":["subnet-1"],"ID":"x"}' \
        '{"Type":"vm","Extensions":[]}' >"$work/others.log"
timeout 60 "$hcstrace" import "$work/others.log" >"$work/out" 2>&1
[[ $? -eq 3 ]] || fail "networks of others: $(<"$work/out")"

timeout 60 "$hcstrace" import /nonexistent >"$work/out" 2>&1
[[ $? -eq 1 ]] || fail "a log that is not there"
timeout 60 "$hcstrace" import "$source/fixtures/logs/hcs-36-state-not-valid.log" -o /nonexistent/trace >"$work/out" 2>&1
[[ $? -eq 1 ]] || fail "a trace that cannot be made"
grep -q 'create ./nonexistent/trace' "$work/out" || fail "a trace that cannot be made: $(<"$work/out")"
timeout 60 "$hcstrace" import "$source/fixtures/logs/log-14-span-logfmt-2022-09-createprocess-environment.log" --no-redact \
        -o "$work/secret" >/dev/null
grep -q 'REDACTED-PLACEHOLDER' "$work/secret" || fail "--no-redact leaves out what it should keep"
grep -q REDACTED-PLACEHOLDER "$imported/log-14-"*.trace && fail "a secret value is in a fixture"

# Two logs of one machine: a clock of hours in another zone that was wrong, and one in UTC. A third tells no times.
cat >"$work/shim.log" <<'LOG'
time="2025-01-12T00:46:23.500Z" level=info msg=Span name=HcsStartComputeSystem cid=b startTime="2025-01-12T00:46:23.5Z" endTime="2025-01-12T00:46:25Z"
time="2025-01-12T00:46:24.000Z" level=info msg=Span name=HcsStartComputeSystem cid=c startTime="2025-01-12T00:46:24Z" endTime="2025-01-12T00:46:24.5Z"
LOG
cat >"$work/desktop.log" <<'LOG'
[01:46:33.201][WindowsDaemon  ][Info   ] debug: HCSShim::Container::Start id=a
[01:46:34.700][WindowsDaemon  ][Info   ] debug: HCSShim::Container::Start succeeded id=a
LOG
echo 'container z encountered an error during Start: failure in a Windows system call: x (0xc0370105)' >"$work/console.log"
timeout 60 "$hcstrace" import "$work/console.log" "$work/shim.log" "$work/desktop.log" --zone desktop.log=+01:00 \
        --offset desktop.log=-10s -o "$work/merged" >"$work/out" 2>&1 || fail "several logs: $(<"$work/out")"
order=$(sed -nE 's/^\{"call":.*"n":([0-9]+),"t":([0-9]+),.*/call \1 \2/p; s/^\{"return":([0-9]+),"t":([0-9]+),.*/return \1 \2/p' \
        "$work/merged" | tr '\n' ';')
want='call 1 0;return 1 0;call 2 0;call 3 299000000;return 3 299000000;call 4 299000000;call 5 799000000;return 5 799000000;call 6 799000000;return 6 1299000000;return 2 1499000000;return 4 1799000000;'
[[ $order == "$want"* ]] || fail "several logs: $order"
grep -q '"call":"HcsStartComputeSystem".*"log":"desktop.log"' "$work/merged" || fail "which log said it is not told"
tail -n 2 "$work/merged" | grep -q '"log":"console.log"' || fail "a log without times does not come last"
timeout 60 "$play" "$work/merged" >"$work/played" 2>&1 || fail "several logs: $(<"$work/played")"
# What began in one log and ended when the other went on is still the first one's.
echo 'level=debug msg="HCSShim::StartComputeSystem id=a"' >"$work/one.log"
echo 'level=debug msg="HCSShim::TerminateComputeSystem id=a"' >"$work/two.log"
timeout 60 "$hcstrace" import "$work/one.log" "$work/two.log" -o "$work/merged" >"$work/out" 2>&1 || fail "two logs: $(<"$work/out")"
for pair in Start:1:one Terminate:2:two; do
        IFS=: read -r verb thread log <<<"$pair"
        grep -q "Hcs${verb}ComputeSystem.*\"thread\":$thread,.*\"log\":\"$log.log\"" "$work/merged" || fail "$verb is not of $log.log"
done
for bad in --zone=x --zone=nobody.log=+01:00 --offset=1parsec --day=tomorrow; do
        timeout 60 "$hcstrace" import "$bad" "$work/shim.log" >/dev/null 2>&1
        [[ $? -eq 2 ]] || fail "$bad is taken"
done

# Responses out of order, one of nobody, requests of no kind, one that is cut: each frame has the number of its request.
guest() { # WORDS DOCUMENT
        printf 'time="2017-09-07T00:40:18Z" level=info msg="bridge: %s '"'%s'"'\\n"\n' "$1" "${2//\"/\\\"}"
}
{
        guest "read message" '{"ContainerId":"c","ActivityId":"a","ProcessId":7,"TimeoutInMs":1}'
        guest "read message" '{"ContainerId":"c","ActivityId":"b","Settings":{"ProcessParameters":"{}"}}'
        guest "response sent:" '{"Result":0,"ActivityId":"b","ProcessId":8}'
        guest "response sent:" '{"Result":0,"ActivityId":"x","ProcessId":9}'
        guest "read message" '{"ContainerId":"c","Unheard":"of"}'
        guest "response sent:" '{"Result":-2147024809,"ActivityId":"a","ExitCode":3}'
        guest "read message" '{"ContainerId":"c","ContainerConfig":"{}","ActivityId":"c'
        echo '{"error":"too late","level":"error","message_id":99,"msg":"request failed"}'
        for i in {1..70}; do
                echo "{\"level\":\"debug\",\"message_id\":1$i,\"message_type\":\"ComputeSystemDumpStacksV1\",\"msg\":\"opengcs::bridge - request message\"}"
                echo "{\"level\":\"debug\",\"message\":\"{\\\"ContainerId\\\":\\\"c\\\"}\",\"msg\":\"request read message\"}"
        done
        echo '{"error":"forgotten","level":"error","message_id":11,"msg":"request failed"}'
        echo '{"error":"still known","level":"error","message_id":170,"msg":"request failed"}'
} >"$work/guest.log"
timeout 60 "$hcstrace" import -v "$work/guest.log" -o "$work/guest.trace" >"$work/out" 2>"$work/err" || fail "a guest's log: $(<"$work/err")"
"$hcstrace" show "$work/guest.trace" >"$work/out"
order=$(sed -nE 's/.*bridge\/1 (->|<-) ([A-Za-z]*)\(([A-Za-z]*)\) #([0-9]+).*/\2 \3 \4/p' "$work/out" | grep -v 'Request DumpStacks' | tr '\n' ';')
want='Request WaitForProcess 1;Request ExecuteProcess 2;Response ExecuteProcess 2;Response WaitForProcess 1;Request Create 3;Response DumpStacks 170;'
[[ $order == "$want" ]] || fail "a guest's log: $order"
[[ $(grep -c 'Request(DumpStacks)' "$work/out") -eq 70 ]] || fail "not all of a guest's requests"
grep -q 'a response whose request the log does not tell' "$work/err" || fail "a response of nobody is not told: $(<"$work/err")"
grep -q 'repaired: document: cut off' "$work/out" || fail "a request that is cut is not marked"

# What a terminal would obey is shown and not sent: DEL, C1 in UTF-8, bytes that are no text.
printf 'HCS says nothing known \177 \302\233 \377 \303\244\n' >"$work/rubbish.log"
timeout 60 "$hcstrace" import "$work/rubbish.log" >"$work/out" 2>"$work/err"
grep -qF 'known \x7f \xc2\x9b ' "$work/err" || fail "notes print what a terminal obeys: $(<"$work/err")"
grep -qF 'ä' "$work/err" || fail "notes do not print text as it is: $(<"$work/err")"

# A repair is marked, told, shown, and stays through other tools.
printf '%s\n' 'time="2025-01-12T00:46:23Z" level=info msg=Span name=HcsCreateComputeSystem cid=a configuration="{\"Owner\":\"x\",\"Container\":{\"Storage\":{\"Pa' >"$work/cut.log"
timeout 60 "$hcstrace" import "$work/cut.log" -o "$work/cut.trace" >"$work/out" 2>"$work/err" || fail "a document that is cut"
grep -q 'repaired: configuration: cut off' "$work/err" || fail "a repair is not told: $(<"$work/err")"
"$hcstrace" show "$work/cut.trace" | grep -q 'repaired: configuration: cut off' || fail "a repair is not shown"
"$hcstrace" merge -o "$work/m" "$work/cut.trace" "$work/merged" >/dev/null || fail "what was imported cannot be merged"
"$hcstrace" redact -o "$work/r" "$work/m" >/dev/null || fail "what was imported cannot be redacted"
grep -q '"repaired":{"configuration":"cut off' "$work/r" || fail "the mark of a repair is lost"

echo "$seen logs"
finish
