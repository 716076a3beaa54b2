/* SPDX-License-Identifier: MIT */

#include "ext4/test/golden.h"

#include "testing/hcs_test.h"

char *golden_open(char **ret_rest) {
        char *text = hcs_test_fixture("ext4/golden.tsv", NULL);

        *ret_rest = text;
        strsep(ret_rest, "\n");
        return text;
}

bool golden_next(char **rest, struct golden_row *ret) {
        char *line = strsep(rest, "\n");

        if (!line || !*line)
                return false;
        for (int i = 0; i < GOLDEN_COLUMNS; i++)
                ret->column[i] = strsep(&line, "\t");
        assert_non_null(ret->column[GOLDEN_COLUMNS - 1]);
        return true;
}

bool golden_has(const struct golden_row *row, const char *flag) {
        return strstr(row->column[GOLDEN_OPTIONS], flag) != NULL;
}

struct ext4_convert_options golden_options(const struct golden_row *row) {
        return (struct ext4_convert_options){.writer.inline_data = golden_has(row, "inline"),
                                             .writer.max_disk_size = golden_has(row, "128GiB") ? (int64_t)128 << 30 : 0,
                                             .overlay = golden_has(row, "overlay"),
                                             .convert_slash = golden_has(row, "convert-slash")};
}

char *golden_tar(const struct golden_row *row) {
        _cleanup_free_ char *relative = hcs_asprintf("ext4/tars/%s", row->column[GOLDEN_TAR]);

        return hcs_test_fixture_path(relative);
}
