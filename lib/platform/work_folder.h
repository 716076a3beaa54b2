/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WORK_FOLDER_H
#define HCS_PLATFORM_WORK_FOLDER_H

/*
 * A private folder for sockets and files that live as long as their owner. What a process that was killed left behind
 * is removed by the next one that makes such a folder in the same place: an owner holds a lock, and the dead hold none.
 * Folders that are claimed or kept are of Linux.
 */

#include "base/mem.h"
#include "hcsshim/error.h"

struct hcs_work_folder;

/*
 * BASE/NAME.XXXXXX with mode 0700. base NULL: $XDG_RUNTIME_DIR/hcsshim (unless that is too long for sockets in it),
 * else /tmp/hcsshim-UID (on Windows hcsshim in the temporary folder); it is made if needed and must be ours. name may
 * have no slash. Errors: E_INVALIDARG for a name, E_ACCESSDENIED for a base that is somebody else's, what the system
 * says.
 */
HRESULT hcs_work_folder_new(const char *base, const char *name, struct hcs_work_folder **ret, struct hcs_error **err);
/*
 * The same with a name that others know: ROOM/NAME below the default base. S_FALSE, and *ret untouched, when somebody
 * who lives has it. What the dead left in this room is removed by the first call of a process only, so that many
 * folders cost no more than few.
 */
HRESULT hcs_work_folder_claim(const char *room, const char *name, struct hcs_work_folder **ret, struct hcs_error **err);
/* Makes the default base and that room in it, which must be ours, for folders that nobody claims. Linux only. */
HRESULT hcs_work_folder_room(const char *room, struct hcs_error **err);
/* What base NULL stands for. Caller frees. */
char *hcs_work_folder_default_base(void);
const char *hcs_work_folder_path(const struct hcs_work_folder *f);
/* A link in it, at `name`, to a place that is there. A failure names the one that is not. Linux only. */
HRESULT hcs_work_folder_link(const struct hcs_work_folder *f, const char *name, const char *place,
                             struct hcs_error **err);
/* Moves what is in it under `inside` to a folder that stays: BASE/kept/NAME.XXXXXX, which *ret_path names. The last 20
 * of a base stay. */
HRESULT hcs_work_folder_keep(struct hcs_work_folder *f, const char *inside, char **ret_path, struct hcs_error **err);
/* Removes it with all that is in it. NULL is fine, returns NULL. */
struct hcs_work_folder *hcs_work_folder_free(struct hcs_work_folder *f);
HCS_DEFINE_CLEANUP(struct hcs_work_folder *, hcs_work_folder_free)

/*
 * Where what can be made again is kept between runs: $XDG_CACHE_HOME/hcsshim, ~/.cache/hcsshim, or, of a user without a
 * home, cache in the default base. Nothing is made. Caller frees.
 */
char *hcs_cache_folder(void);

/* With all that is in it; links are not followed. What is not there is fine. */
HRESULT hcs_folder_remove(const char *path, struct hcs_error **err);

#endif
