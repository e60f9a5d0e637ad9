/*
 * pm_core_module.h - the map of pm_core/src
 */
#ifndef PM_CORE_MODULE_H
#define PM_CORE_MODULE_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/uuid.h"

/* settings, in pm_core.c */
extern int pm_core_bcrypt_cost;
extern int pm_core_lockout_failures;
extern int pm_core_lockout_delay;
extern int pm_core_token_ttl;
extern int pm_core_refresh_ttl;
extern char *pm_core_token_role;
extern char *pm_core_secret_key_file;
extern int pm_core_health_timeout;

/* in as_owner.c */
extern Datum pm_core_call_inner(FmgrInfo *caller, const char *name, int nargs,
                                const Oid *types, const Datum *args, bool *isnull);
extern bool pm_core_inside(void);

/* in changed.c */
typedef enum PmCoreChange
{
	CHANGED_RIGHTS,
	CHANGED_SESSIONS
} PmCoreChange;

extern void pm_core_changed_init(void);
extern uint64 pm_core_generation(PmCoreChange what);
extern bool pm_core_push_latest_snapshot(void);

/* in rights.c */
extern bool
pm_core_is_allowed(FmgrInfo *caller, const pg_uuid_t *user, const char *resource,
                   Size resource_size, const char *action, Size action_size);

/* in token.c */
extern void pm_core_verify_access(FmgrInfo *caller, text *token, pg_uuid_t *user);

/* in identity.c */
extern void pm_core_identity_init(void);
extern const pg_uuid_t *pm_core_identity(void);

/* in attempts.c */
extern Size pm_core_attempts_size(void);
extern void pm_core_attempts_make(void);

/* in uses.c */
extern Size pm_core_uses_size(void);
extern void pm_core_uses_make(void);
extern bool pm_core_is_ended(const pg_uuid_t *session);

/* in trial.c */
typedef void (*PmCoreStep)(void *arg);

extern const char *pm_core_try(PmCoreStep step, void *arg, int time);

#endif /* PM_CORE_MODULE_H */
