/* SPDX-License-Identifier: MIT */

/*
 * A tar and the image that was made of it: the same entries, as libarchive, our reader and debugfs see them, and
 * nothing for e2fsck to find. usage: compare TAR IMAGE [--overlay]
 */

#include <locale.h>
#include <stdio.h>

#include "base/str.h"
#include "integration/ext4/listing.h"

int main(int argc, char **argv) {
        _cleanup_free_ char *found = NULL;
        bool ok;

        if (argc < 3) {
                fputs("usage: compare TAR IMAGE [--overlay]\n", stderr);
                return 2;
        }
        setlocale(LC_ALL, "C.UTF-8"); /* for libarchive's names */
        ok = listing_check(argv[1], argv[2], argc > 3 && hcs_streq(argv[3], "--overlay"));
        found = fsck_findings(argv[2]);
        if (!hcs_streq(found, "-"))
                printf("  e2fsck: %s\n", found);
        return ok && hcs_streq(found, "-") ? 0 : 1;
}
