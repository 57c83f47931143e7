/* What the pod of a Job calls BR with. Its backup-manager makes that from the stored object and from the Job's arguments; the
 * compaction of br.pingcap.com calls BR itself.
 * [tidb-operator v2: cmd/tidb-backup-manager/app/backup/backup.go, app/util/util.go, pkg/controllers/br/manager/util/remote.go;
 *  v1: the same files below cmd/backup-manager and pkg/backup, cmd/backup-manager/app/compact/manager.go] */
#ifndef BRGATE_BR_CALL_H
#define BRGATE_BR_CALL_H

#include "model.h"

/* Returns the words after "br" as an array of texts; NULL: that Job does not call it (it cleans, or runs Dumpling). The object
 * is the Job's owner. */
struct node *br_call(struct arena *a, const struct resource *o, const struct node *job);

#endif
