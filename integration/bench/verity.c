/* SPDX-License-Identifier: MIT */

/*
 * dm-verity over one file of random bytes: superblock, tree and root hash by the library and by `veritysetup format`,
 * in turns; both write their hashes to a file of their own. Each with all processors it may use; veritysetup uses one.
 * The medians of the throughput, and their ratio. usage: verity [MEGABYTES [RUNS]]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ext4/verity/verity.h"
#include "integration/median.h"
#include "platform/clock.h"
#include "platform/process.h"
#include "platform/thread.h"

#define MAX_RUNS 99
#define CHUNK    ((size_t)1 << 20)

static char directory[] = "/var/tmp/hcsverity.XXXXXX";

static void must(HRESULT hr, struct hcs_error *err) {
        if (SUCCEEDED(hr))
                return;
        fprintf(stderr, "%s\n", hcs_error_message(err));
        exit(1);
}

static void make_data(const char *path, uint64_t megabytes) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *f = NULL;
        _cleanup_free_ uint64_t *chunk = hcs_malloc(CHUNK);
        uint64_t x = 88172645463325252u;
        struct hcs_error *err = NULL;

        must(hcs_data_file_create(path, &f, &err), err);
        for (uint64_t i = 0; i < megabytes; i++) {
                for (size_t k = 0; k < CHUNK / sizeof(*chunk); k++) {
                        x ^= x << 13;
                        x ^= x >> 7;
                        x ^= x << 17;
                        chunk[k] = x;
                }
                must(hcs_data_file_write_at(f, i * CHUNK, chunk, CHUNK, &err), err);
        }
        must(hcs_data_file_commit(f, &err), err);
}

static uint64_t run_ours(const char *data, const char *hashes) {
        _cleanup_(hcs_data_file_closep) struct hcs_data_file *in = NULL, *out = NULL;
        struct verity_superblock sb;
        struct verity_root root;
        struct hcs_error *err = NULL;
        uint64_t start = hcs_clock_ns(), size, end;

        must(hcs_data_file_open(data, &in, &err), err);
        must(hcs_data_file_create(hashes, &out, &err), err);
        must(hcs_data_file_size(in, &size, &err), err);
        verity_superblock_init(&sb);
        must(verity_set_size(&sb, size, &err), err);
        must(verity_write(&sb, in, out, 0, NULL, &root, &end, &err), err);
        must(hcs_data_file_commit(out, &err), err);
        return hcs_clock_ns() - start;
}

static uint64_t run_veritysetup(char *data, char *hashes) {
        char command[] = "exec veritysetup format \"$0\" \"$1\" >/dev/null", shell[] = "sh", option[] = "-c";
        char *argv[] = {shell, option, command, data, hashes, NULL};
        struct hcs_child *child = NULL;
        struct hcs_error *err = NULL;
        uint64_t start = hcs_clock_ns();
        int code = 0;

        must(hcs_child_spawn(argv, NULL, HCS_CHILD_SHARES, &child, &err), err);
        must(hcs_child_wait(child, &code, &err), err);
        if (code != 0)
                exit(1);
        return hcs_clock_ns() - start;
}

int main(int argc, char **argv) {
        uint64_t megabytes = argc > 1 ? strtoull(argv[1], NULL, 10) : 1024;
        size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 7;
        _cleanup_free_ char *data = NULL, *hashes = NULL;
        static uint64_t times[2][MAX_RUNS];
        double ours, theirs;

        if (megabytes == 0 || runs == 0 || runs > MAX_RUNS)
                return 2;
        if (!mkdtemp(directory))
                return 1;
        data = hcs_asprintf("%s/data", directory);
        hashes = hcs_asprintf("%s/hashes", directory);
        make_data(data, megabytes);
        sync(); /* so that no one writes it out while the clock runs */
        for (size_t i = 0; i < runs; i++) {
                times[0][i] = run_ours(data, hashes);
                unlink(hashes);
                times[1][i] = run_veritysetup(data, hashes);
                unlink(hashes);
        }
        unlink(data);
        rmdir(directory);
        ours = (double)megabytes * 1048.576 / ((double)median_u64(times[0], runs) / 1e6);
        theirs = (double)megabytes * 1048.576 / ((double)median_u64(times[1], runs) / 1e6);
        printf("%llu MiB, %u processors, median of %zu runs\n", (unsigned long long)megabytes, hcs_thread_processors(),
               runs);
        printf("verity_write        %7.0f MB/s\n", ours);
        printf("veritysetup format  %7.0f MB/s\n", theirs);
        printf("ratio               %7.2f x veritysetup (goal 1.9 with two processors)\n", ours / theirs);
        return 0;
}
