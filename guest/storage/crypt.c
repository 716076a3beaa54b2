/* SPDX-License-Identifier: MIT */

/* The encrypted disk of crypt.h: NAME_dif holds data and tags, NAME encrypts above it. */

#include "guest/storage/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"
#include "guest/storage/dm.h"
#include "hcsshim/log.h"
#include "platform/clock.h"

#define SECTOR      4096
#define TAG         32                      /* of HMAC-SHA256 */
#define KEY         (2 * 32 + TAG)          /* two AES-256 keys of XTS, one of HMAC */
#define FORMAT_SIZE (SECTOR / GUEST_SECTOR) /* what the kernel formats with, as cryptsetup does */

static HRESULT zero_start(const char *device, struct hcs_error **err) {
        static const uint8_t zeros[SECTOR];
        int fd = open(device, O_WRONLY | O_CLOEXEC), errnum = 0;

        if (fd < 0)
                return hcs_error_errno(err, errno, "open %s", device);
        if (pwrite(fd, zeros, SECTOR, 0) != SECTOR || fsync(fd) < 0)
                errnum = errno ? errno : EIO;
        close(fd);
        return errnum ? hcs_error_errno(err, errnum, "write the first block of %s", device) : S_OK;
}

static char *integrity_name(const char *name) {
        return hcs_asprintf("%s_dif", name);
}

static HRESULT make_integrity(const struct guest_roots *roots, const char *device, const char *name, uint64_t sectors,
                              uint64_t deadline_ns, char **ret, struct hcs_error **err) {
        _cleanup_(guest_dm_target_deinit) struct guest_dm_target t = {.length = sectors, .type = "integrity"};

        t.params = hcs_asprintf("%s 0 %d D 1 block_size:%d", device, TAG, SECTOR);
        return guest_dm_create(roots, name, false, &t, 1, deadline_ns, ret, err);
}

/* Lets the kernel write its superblock, and asks how many sectors are left for data. */
static HRESULT format_integrity(const struct guest_roots *roots, const char *device, const char *name,
                                uint64_t deadline_ns, uint64_t *ret, struct hcs_error **err) {
        _cleanup_free_ char *node = NULL, *status = NULL;
        HRESULT hr = zero_start(device, err);

        if (SUCCEEDED(hr))
                hr = make_integrity(roots, device, name, FORMAT_SIZE, deadline_ns, &node, err);
        if (FAILED(hr))
                return hr;
        hr = guest_dm_status(roots, name, &status, err);
        if (SUCCEEDED(hr)) {
                /* "MISMATCHES SECTORS ..." */
                const char *sectors = strchr(status, ' ');

                *ret = sectors ? strtoull(sectors, NULL, 10) : 0;
                if (*ret < FORMAT_SIZE)
                        hr = hcs_error_make(err, E_UNEXPECTED, "device-mapper %s: status `%s'", name, status);
        }
        if (SUCCEEDED(hr))
                hr = guest_dm_remove(roots, name, err);
        else
                guest_dm_remove(roots, name, NULL);
        return hr;
}

static HRESULT make_crypt(const struct guest_roots *roots, const char *device, const char *name, uint64_t sectors,
                          uint64_t deadline_ns, char **ret, struct hcs_error **err) {
        _cleanup_(guest_dm_target_deinit) struct guest_dm_target t = {.length = sectors, .type = "crypt"};
        uint8_t key[KEY];
        char hex[2 * KEY + 1];
        HRESULT hr;

        if (getrandom(key, sizeof(key), 0) != sizeof(key))
                return hcs_error_errno(err, errno, "make a key for %s", name);
        for (size_t i = 0; i < sizeof(key); i++)
                snprintf(hex + 2 * i, 3, "%02x", key[i]);
        t.params = hcs_asprintf("capi:authenc(hmac(sha256),xts(aes))-plain64 %s 0 %s 0 2 integrity:%d:aead "
                                "sector_size:%d",
                                hex, device, TAG, SECTOR);
        explicit_bzero(key, sizeof(key));
        explicit_bzero(hex, sizeof(hex));
        hr = guest_dm_create(roots, name, false, &t, 1, deadline_ns, ret, err);
        return hr;
}

HRESULT guest_crypt_open(const struct guest_roots *roots, const char *device, const char *name, uint64_t deadline_ns,
                         char **ret, struct hcs_error **err) {
        _cleanup_free_ char *below = integrity_name(name), *below_node = NULL, *node = NULL;
        uint64_t sectors;
        HRESULT hr = format_integrity(roots, device, below, deadline_ns, &sectors, err);

        if (SUCCEEDED(hr))
                hr = make_integrity(roots, device, below, sectors, deadline_ns, &below_node, err);
        if (FAILED(hr))
                return hr;
        hr = make_crypt(roots, below_node, name, sectors, deadline_ns, &node, err);
        if (SUCCEEDED(hr)) {
                /* Sectors that were never written have no valid tag, and mkfs reads the first ones. */
                hr = zero_start(node, err);
                if (FAILED(hr))
                        guest_dm_remove(roots, name, NULL);
        }
        if (FAILED(hr)) {
                guest_dm_remove(roots, below, NULL);
                return hr;
        }
        *ret = steal_pointer(&node);
        return S_OK;
}

HRESULT guest_crypt_close(const struct guest_roots *roots, const char *name, struct hcs_error **err) {
        _cleanup_free_ char *below = integrity_name(name);
        HRESULT hr = guest_dm_remove(roots, name, err);

        return FAILED(hr) ? hr : guest_dm_remove(roots, below, err);
}
