/* SPDX-License-Identifier: MIT */

/* The containers of box.h. */

#include "integration/guest/box.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "integration/guest/cases.h"

#define CONTAINERS "/run/gcs/c"

static const char spec_text[] =
        "{\"ociVersion\":\"1.0.2\",\"process\":{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":0},\"args\":[],"
        "\"env\":[\"PATH=/bin\"],\"cwd\":\"/"
        "\",\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\"],"
        "\"permitted\":[\"CAP_KILL\"]}},\"root\":{\"path\":\"\",\"readonly\":false},\"mounts\":["
        "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
        "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\",\"mode=755\"]},"
        "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
        "\"options\":[\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"]}],"
        "\"annotations\":{},\"linux\":{\"resources\":{},\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},"
        "{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"network\"}]}}";

void box_init(struct box *b, struct host *h, const char *args) {
        static unsigned count;

        *b = (struct box){0};
        /* 64 hexadecimal digits, as hosts name containers. */
        b->id = hcs_asprintf("%08x%056x", (unsigned)getpid(), ++count);
        b->bundle = hcs_asprintf(CONTAINERS "/%s", b->id);
        check(SUCCEEDED(hcs_json_parse_cstr(spec_text, &b->spec, NULL)), "the spec");
        box_set(b, h, "process.args", args);
        /* The first one makes a model of the root: every link is a process, and in an emulated VM they cost. */
        free(host_sh(
                h,
                "set -e; m=/run/conform-root; if ! test -e $m/done; then rm -rf $m; mkdir -p $m/bin $m/proc $m/dev "
                "$m/etc $m/tmp; cp %s $m/bin/busybox; for n in sh cat echo sleep true false id tty stty ps mount ls "
                "hostname kill env pwd head wc dd stat df touch mkdir yes ip; do ln -s busybox $m/bin/$n; done; "
                "echo 'root:x:0:0:root:/:/bin/sh' > $m/etc/passwd; echo 'ann:x:1000:1001:Ann:/:/bin/sh' >> "
                "$m/etc/passwd; echo 'root:x:0:' > $m/etc/group; echo 'staff:x:50:' >> $m/etc/group; : > $m/done; "
                "fi; mkdir -p %s; cp -a $m %s/rootfs; rm %s/rootfs/done",
                suite_busybox, b->bundle, b->bundle, b->bundle));
        hcs_json_set_string(hcs_json_get(b->spec, "root"), "path", "");
        {
                _cleanup_free_ char *root = hcs_asprintf("\"%s/rootfs\"", b->bundle);

                box_set(b, h, "root.path", root);
        }
}

void box_set(struct box *b, struct host *h, const char *path, const char *json) {
        _cleanup_free_ char *copy = hcs_strdup(path);
        struct hcs_json *at = b->spec, *value = NULL;
        char *save = NULL, *name = strtok_r(copy, "/.", &save), *next;

        if (SUCCEEDED(hcs_json_parse_cstr(json, &value, NULL)))
                while (name) {
                        next = strtok_r(NULL, "/.", &save);
                        if (next)
                                at = hcs_json_get(at, name) ? hcs_json_get(at, name)
                                                            : hcs_json_set_new_object(at, name);
                        else
                                hcs_json_set(at, name, value);
                        name = next;
                }
        check(value, "%s", json);
}

void box_add_mount(struct box *b, struct host *h, const char *json) {
        struct hcs_json *mount = NULL;

        check(SUCCEEDED(hcs_json_parse_cstr(json, &mount, NULL)), "%s", json);
        hcs_json_append(hcs_json_get(b->spec, "mounts"), mount);
}

struct hcs_json *box_try_create(struct box *b, struct host *h) {
        _cleanup_json_ struct hcs_json *config = hcs_json_new_object();
        struct hcs_json *version = hcs_json_set_new_object(config, "SchemaVersion");
        _cleanup_free_ char *text = NULL, *string = NULL, *scratch = hcs_asprintf("%s/scratch/%s", b->bundle, b->id);

        hcs_json_set_u64(version, "Major", 2);
        hcs_json_set_u64(version, "Minor", 1);
        hcs_json_set_string(config, "OciBundlePath", b->bundle);
        hcs_json_set(config, "OciSpecification", hcs_json_copy(b->spec));
        hcs_json_set_string(config, "ScratchDirPath", scratch);
        text = hcs_json_text(config, HCS_JSON_COMPACT);
        string = quoted(text);
        return host_call(h, HCS_GCS_CREATE,
                         "{\"ContainerId\":\"%s\",\"ActivityId\":\"" UVM "\",\"ContainerConfig\":%s}", b->id, string);
}

void box_create(struct box *b, struct host *h) {
        _cleanup_json_ struct hcs_json *answer = box_try_create(b, h);

        check(host_result(answer) == S_OK, "create: 0x%08x %s", (unsigned)host_result(answer),
              hcs_json_get_string(answer, "ErrorMessage"));
}

struct process box_start(struct box *b, struct host *h, unsigned streams) {
        host_call_ok(h, HCS_GCS_START, "{\"ContainerId\":\"%s\"}", b->id);
        return host_exec(h, b->id, streams, "{}");
}

void box_run(struct box *b, struct host *h, const char *input, struct outcome *ret) {
        box_create(b, h);
        host_run(h, b->id, "{}", input, ret);
}

void box_sh(struct box *b, struct host *h, const char *script, struct outcome *ret) {
        _cleanup_free_ char *string = quoted(script), *params = NULL;

        params = hcs_asprintf("{\"OciProcess\":{\"args\":[\"sh\",\"-c\",%s],\"env\":[\"PATH=/bin\"],\"cwd\":\"/\","
                              "\"user\":{\"uid\":0,\"gid\":0}}}",
                              string);
        host_run(h, b->id, params, NULL, ret);
}

void box_delete(struct box *b, struct host *h) {
        host_call_ok(h, HCS_GCS_DELETE_CONTAINER_STATE, "{\"ContainerId\":\"%s\"}", b->id);
}

void box_deinit(struct box *b, struct host *h) {
        hcs_json_free(host_call(h, HCS_GCS_SHUTDOWN_FORCED, "{\"ContainerId\":\"%s\"}", b->id));
        hcs_json_free(host_call(h, HCS_GCS_DELETE_CONTAINER_STATE, "{\"ContainerId\":\"%s\"}", b->id));
        hcs_json_free(b->spec);
        free(b->id);
        free(b->bundle);
        *b = (struct box){0};
}

void boxed_deinit(struct boxed *b) {
        box_deinit(&b->box, b->h);
}
