/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REMOTE_WIRE_H
#define MOCKHCS_REMOTE_WIRE_H

/*
 * What goes between a client and a mockhcs service, over one stream. A frame is its length in bytes (32 bits, little
 * endian) and that many bytes of text: one JSON object a line, nearly always one line.
 *
 *   client   {"hello":"mockhcs","versions":[2],"program":"a.out"}
 *   service  {"hello":"mockhcs","version":2,"service":"0.1.0","backend":"emulate","build":26100,"notes":false}
 *        or  {"refused":"why","hr":"0x80070005","versions":[2]}, and the end of the stream; also later, instead of it
 *   client   a call as a trace has it, with the handle that it makes as one more argument: {"call":..,"args":{..,
 *            "creates":"system/1"}}; the same with its return on a second line is a local call that went by (a note,
 *            only when the service asked for them); stdio of a stdin; {"control":"drain","n":7,...}
 *   service  return, complete, event and stdio as a trace has them; stdio of stdin with "end": close what the client
 *            still has of it; {"answer":7,"result":{..}} or {"answer":7,"hr":"0x..","error":"why"}
 *   both     {"took":"process/1","stream":"stdout","bytes":65536}: so much more of what the other side sent of that
 *            stream has gone where it belongs, and does not wait here any more
 *
 * So whoever can read a trace can read the wire. Calls are numbered, and handles named, by the client: each connection
 * has numbers and names of its own. HRESULTs are those of computecore.
 *
 * Output and input of processes are data here and no descriptors: layers above (record, faults) see them, the pipes
 * that a client holds are its own and outlive the service, and it is the same over a named pipe. Who sends a stream
 * holds back what comes when too much of it was not taken: a program that nobody reads waits, and nobody's memory
 * fills. A layer that cannot wait sends all the same.
 */

#include "mockhcs/engine/backend.h"
#include "mockhcs/trace/record.h"
#include "mockhcs/trace/scan.h"
#include "platform/stream.h"

/* A document of 64 Mi characters fits, escaped or not. */
#define MOCK_WIRE_MAX_FRAME ((size_t)256 << 20)
#define MOCK_WIRE_VERSION   2
#define MOCK_WIRE_CREATES   "creates"
#define MOCK_WIRE_HELLO_MS  10000

/* ---- frames ---- */

/* The reading end of a stream. Zeroed with a stream it is ready. One thread at a time. */
struct mock_wire_reader {
        struct hcs_stream *stream;
        struct hcs_buf in;
        size_t taken, max; /* max 0: MOCK_WIRE_MAX_FRAME */
};
/*
 * The next frame, valid until the next call. Memory grows with what arrives, not with what a length claims. S_FALSE:
 * the stream ended between frames. Errors: HCS_WIN32(38) it ended within one, HCS_WIN32(223) it is longer than max,
 * E_INVALIDARG it is empty, and what the stream says.
 */
HRESULT mock_wire_read(struct mock_wire_reader *r, const struct hcs_bound *b, struct mock_slice *ret,
                       struct hcs_error **err);
void mock_wire_reader_deinit(struct mock_wire_reader *r);
/* Cuts the next line off a frame, without its line feed; false at the end. */
bool mock_wire_line(struct mock_slice *frame, struct mock_slice *ret);

/* Appends one frame; between _begin and _end lines are appended to out. */
size_t mock_wire_begin(struct hcs_buf *out);
void mock_wire_end(struct hcs_buf *out, size_t begin);
void mock_wire_put_json(struct hcs_buf *out, const struct hcs_json *line);

/* ---- records ---- */

void mock_wire_put_call(struct hcs_buf *out, const struct mock_call *call);
/* A call that the client's engine answered by itself. */
void mock_wire_put_note(struct hcs_buf *out, const struct mock_call *call);
/* A completion follows the return: the call goes on, or was accepted and failed at once. */
bool mock_wire_completes_later(const struct mock_call *call);
/* n: the number that the client gave it. */
void mock_wire_put_return(struct hcs_buf *out, uint64_t n, const struct mock_call *call);
void mock_wire_put_complete(struct hcs_buf *out, uint64_t n, const struct mock_completion *c);
void mock_wire_put_event(struct hcs_buf *out, const char *symbol, const struct mock_event *event);
void mock_wire_put_stdio(struct hcs_buf *out, const char *symbol, const struct mock_stdio *chunk);

/* Whoever sent so much of a stream is told that it was taken. */
void mock_wire_put_took(struct hcs_buf *out, const char *symbol, enum mock_stream stream, uint64_t bytes);
struct mock_wire_took {
        const char *symbol; /* of the line */
        enum mock_stream stream;
        uint64_t bytes;
};
/* S_FALSE: the line says something else. E_INVALIDARG: it does not make sense. */
HRESULT mock_wire_take_took(const struct hcs_json *line, struct mock_wire_took *ret, struct hcs_error **err);

/* The answer of a record of a return, or a completion, moved to the call's own place. */
void mock_wire_take_return(struct mock_record *r, struct mock_call *call);
void mock_wire_take_complete(struct mock_record *r, struct mock_completion *ret);

/* ---- hello and control ---- */

struct mock_wire_hello {
        uint32_t build;
        bool notes;
};
struct hcs_json *mock_wire_refusal(HRESULT hr, const char *why);
/* A client says hello and reads the answer. Errors: what the service refused with, HCS_WIN32(1306) for another version,
 * E_INVALIDARG for one that is no service. */
HRESULT mock_wire_greet(struct mock_wire_reader *r, struct mock_wire_hello *ret, struct hcs_error **err);
/* Connects, asks one control request (mockhcs/engine/control.h) and leaves. */
HRESULT mock_wire_ask(const char *socket, const struct hcs_json *request, struct hcs_json **ret,
                      struct hcs_error **err);
/* The failure that a refusal or an answer tells; S_OK when it tells none. */
HRESULT mock_wire_failure(const struct hcs_json *line, struct hcs_error **err);

#endif
