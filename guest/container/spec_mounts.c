/* SPDX-License-Identifier: MIT */

/* Mounts of a spec whose source or destination has a prefix of the agent's own. */

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/base/path.h"
#include "guest/container/spec.h"

#define SANDBOX_PREFIX       "sandbox://"
#define SANDBOX_TMPFS_PREFIX "sandbox-tmp://"
#define HUGEPAGES_PREFIX     "hugepages://"
#define BLOCKDEV_PREFIX      "blockdev://"
#define UVM_PREFIX           "uvm://"

static const char *after(const char *text, const char *prefix) {
        return text && hcs_str_starts(text, prefix) ? text + strlen(prefix) : NULL;
}

/* The source of mount m moved below dir; *ret_made says whether it had to be made. */
static HRESULT move_below(struct hcs_json *m, const char *dir, const char *sub, const char *what, bool *ret_made,
                          char **ret_source, struct hcs_error **err) {
        _cleanup_free_ char *source = guest_path_join(dir, sub);
        struct stat st;
        HRESULT hr;

        if (!guest_path_is_within(source, dir))
                return hcs_error_make(err, E_FAIL, "mount path %s for mount %s is not within %s mounts dir", source,
                                      hcs_json_get_string(m, "source"), what);
        *ret_made = stat(source, &st) < 0 && errno == ENOENT;
        if (*ret_made && FAILED(hr = guest_path_make(source, 0777, err)))
                return hr;
        hcs_json_set_string(m, "source", source);
        *ret_source = steal_pointer(&source);
        return S_OK;
}

static HRESULT rewrite_sandbox(struct hcs_json *m, const char *root, struct hcs_error **err) {
        const char *source = hcs_json_get_string(m, "source");
        const char *shared = after(source, SANDBOX_PREFIX), *tmpfs = after(source, SANDBOX_TMPFS_PREFIX);
        _cleanup_free_ char *dir = NULL, *moved = NULL;
        bool made;

        if (!shared && !tmpfs)
                return S_OK;
        dir = guest_path_join(root, shared ? GUEST_SANDBOX_MOUNTS : GUEST_SANDBOX_TMPFS_MOUNTS);
        return move_below(m, dir, shared ? shared : tmpfs, "sandbox's", &made, &moved, err);
}

HRESULT guest_spec_rewrite_sandbox_mounts(struct hcs_json *spec, const char *sandbox_root, struct hcs_error **err) {
        for (struct hcs_json *m = hcs_json_first(hcs_json_get(spec, "mounts")); m; m = hcs_json_next(m)) {
                HRESULT hr = rewrite_sandbox(m, sandbox_root, err);

                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

static HRESULT rewrite_hugepages(struct hcs_json *m, const char *root, struct hcs_error **err) {
        const char *sub = after(hcs_json_get_string(m, "source"), HUGEPAGES_PREFIX);
        _cleanup_free_ char *dir = NULL, *moved = NULL, *size = NULL, *option = NULL;
        bool made;
        HRESULT hr;

        if (!sub)
                return S_OK;
        size = hcs_strndup(sub, strcspn(sub, "/"));
        dir = guest_path_join(root, GUEST_SANDBOX_HUGEPAGES);
        hr = move_below(m, dir, sub, "hugepages's", &made, &moved, err);
        if (FAILED(hr) || !made)
                return hr;
        option = hcs_asprintf("pagesize=%s", size);
        if (mount("none", moved, "hugetlbfs", 0, option) < 0) {
                int errnum = errno;

                rmdir(moved);
                return hcs_error_errno(err, errnum, "mount operation failed for %s", moved);
        }
        return S_OK;
}

HRESULT guest_spec_rewrite_hugepage_mounts(struct hcs_json *spec, const char *sandbox_root, struct hcs_error **err) {
        for (struct hcs_json *m = hcs_json_first(hcs_json_get(spec, "mounts")); m; m = hcs_json_next(m)) {
                HRESULT hr = rewrite_hugepages(m, sandbox_root, err);

                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

/* The source of such a mount is a link that the agent made when the disk was added. */
static HRESULT rewrite_block(struct hcs_json *spec, struct hcs_json *m, struct hcs_error **err) {
        const char *destination = after(hcs_json_get_string(m, "destination"), BLOCKDEV_PREFIX);
        const char *source = hcs_json_get_string(m, "source"), *access = "rwm";
        _cleanup_json_ struct hcs_json *scratch = NULL;
        struct hcs_json *rules, *rule;
        char device[4096];
        HRESULT hr;
        ssize_t n;

        if (!destination)
                return S_OK;
        for (const struct hcs_json *o = hcs_json_first(hcs_json_get(m, "options")); o; o = hcs_json_next(o))
                if (hcs_streq(hcs_json_string(o), "ro"))
                        access = "r";
        n = readlink(source ? source : "", device, sizeof(device) - 1);
        if (n < 0)
                return hcs_error_errno(err, errno, "failed to readlink %s", source ? source : "\"\"");
        device[n] = '\0';
        /* Only the rule is wanted: the node itself is bind mounted. */
        scratch = hcs_json_new_object();
        hr = guest_spec_add_device(scratch, device, access, true, err);
        if (FAILED(hr))
                return hcs_error_wrap(err, "failed to get device from path"), hr;
        rule = hcs_json_first(hcs_json_lookup(scratch, "linux.resources.devices"));
        rules = guest_spec_array(guest_spec_object(guest_spec_object(spec, "linux"), "resources"), "devices");
        if (rule)
                hcs_json_append(rules, hcs_json_detach(hcs_json_lookup(scratch, "linux.resources.devices"), rule));
        hcs_json_set(m, "destination", hcs_json_new_string(destination));
        return S_OK;
}

HRESULT guest_spec_rewrite_block_mounts(struct hcs_json *spec, struct hcs_error **err) {
        for (struct hcs_json *m = hcs_json_first(hcs_json_get(spec, "mounts")); m; m = hcs_json_next(m)) {
                HRESULT hr = rewrite_block(spec, m, err);

                if (FAILED(hr))
                        return hr;
        }
        return S_OK;
}

HRESULT guest_spec_rewrite_uvm_mounts(struct hcs_json *spec, struct hcs_error **err) {
        for (struct hcs_json *m = hcs_json_first(hcs_json_get(spec, "mounts")); m; m = hcs_json_next(m)) {
                const char *path = after(hcs_json_get_string(m, "source"), UVM_PREFIX);
                struct stat st;

                if (!path)
                        continue;
                if (stat(path, &st) < 0)
                        return hcs_error_errno(err, errno, "could not open uVM mount target: stat %s", path);
                hcs_json_set(m, "source", hcs_json_new_string(path));
        }
        return S_OK;
}
