/*
 * lookup.c - the addresses of hosts, found without waiting for them
 *
 * libpq asks the resolver inside PQconnectStart(), and waits for the answer: many seconds
 * where a name server is silent, deaf to cancel, with all other connections waiting.  So
 * names are turned into addresses here first, and libpq is given both.
 *
 * There is no resolver that never blocks, so a thread asks it, as libcurl's does.  It
 * calls getaddrinfo() and nothing of the server's, with all signals blocked.  It says that
 * it is done by closing its end of a pipe.  What both sides use is malloc'ed, and freed by
 * whichever lets go of it last: nobody waits for a thread.
 */
#include "pm_xref_module.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "lib/stringinfo.h"
#include "port/atomics.h"
#include "storage/fd.h"

#define MAX_ADDRESS 128 /* bytes of one as text */

typedef struct Host
{
	char *name;
	char *port;             /* empty: the usual one */
	bool is_name;           /* else it needs no looking up */
	struct addrinfo *found; /* NULL: none, or not asked yet */
	int failure;            /* of getaddrinfo() */
	int error;              /* errno, for EAI_SYSTEM */
} Host;

struct Lookup
{
	pg_atomic_uint32 users; /* the session, the thread */
	int done;               /* our end of the pipe: readable when all were asked */
	int asking;             /* the thread's */
	char *hosts_asked;      /* as they were given */
	char *ports_asked;
	Lookup *next; /* in kept */
	int count;
	Host hosts[FLEXIBLE_ARRAY_MEMBER];
};

static Lookup *kept = NULL; /* those that were ended too early */

/* One of the two lets go of it. */
static void
let_go(Lookup *lookup)
{
	if (pg_atomic_sub_fetch_u32(&lookup->users, 1) > 0)
		return;
	for (int i = 0; i < lookup->count; i++)
	{
		free(lookup->hosts[i].name);
		free(lookup->hosts[i].port);
		if (lookup->hosts[i].found != NULL)
			freeaddrinfo(lookup->hosts[i].found);
	}
	free(lookup->hosts_asked);
	free(lookup->ports_asked);
	free(lookup);
}

/* The thread. */
static void *
ask_resolver(void *argument)
{
	Lookup *lookup = argument;
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

	for (int i = 0; i < lookup->count; i++)
	{
		Host *host = &lookup->hosts[i];

		if (!host->is_name)
			continue;
		host->failure = getaddrinfo(host->name, NULL, &hints, &host->found);
		host->error = errno;
	}
	close(lookup->asking);
	let_go(lookup);
	return NULL;
}

/* Starts the thread; returns an error number. */
static int
start_thread(Lookup *lookup)
{
	pthread_t thread;
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return error;
	sigfillset(&all);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, &attributes, ask_resolver, lookup);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}

/* The next element of a list with commas, malloc'ed; NULL: out of memory. */
static char *
next_element(const char **list)
{
	size_t size = strcspn(*list, ",");
	char *element = strndup(*list, size);

	*list += size;
	if (**list == ',')
		(*list)++;
	return element;
}

/*
 * Is the element of size bytes a name?  Else it is the directory of a socket, or the name
 * of an abstract one, or an address.
 */
static bool
is_name(const char *host, Size size)
{
	char text[MAX_ADDRESS];
	struct in6_addr address;

	if (size == 0 || *host == '/' || *host == '@')
		return false;
	if (size >= sizeof(text))
		return true;
	memcpy(text, host, size);
	text[size] = '\0';
	return inet_pton(AF_INET, text, &address) != 1 &&
	       inet_pton(AF_INET6, text, &address) != 1;
}

/* The number of elements of a list with commas. */
static int
count_elements(const char *list)
{
	int count = 1;

	for (; *list != '\0'; list++)
		count += *list == ',';
	return count;
}

/*
 * Is there a name to look up among hosts, a list as libpq takes it?  Not if the number of
 * ports is neither one nor theirs, which libpq refuses before it asks the resolver.
 */
bool
pm_xref_lookup_needed(const char *hosts, const char *ports)
{
	int nports = count_elements(ports);

	if (nports != 1 && nports != count_elements(hosts))
		return false;
	for (;;)
	{
		Size size = strcspn(hosts, ",");

		if (is_name(hosts, size))
			return true;
		if (hosts[size] == '\0')
			return false;
		hosts += size + 1;
	}
}

/* Ends our part of a lookup. */
static void
discard(Lookup *lookup)
{
	close(lookup->done);
	ReleaseExternalFD();
	let_go(lookup);
}

/* Takes up a kept lookup that is still under way, discarding those that are not. */
static Lookup *
take_up(const char *hosts, const char *ports)
{
	Lookup **link = &kept;
	Lookup *found = NULL;

	while (*link != NULL)
	{
		Lookup *lookup = *link;

		if (pm_xref_lookup_done(lookup))
		{
			*link = lookup->next;
			discard(lookup);
		}
		else if (found == NULL && strcmp(lookup->hosts_asked, hosts) == 0 &&
		         strcmp(lookup->ports_asked, ports) == 0)
		{
			*link = lookup->next;
			found = lookup;
		}
		else
			link = &lookup->next;
	}
	return found;
}

/*
 * Begins to look up the names among hosts and ports that pm_xref_lookup_needed() holds for.
 * pm_xref_lookup_end() is to follow, whatever happens.  Throws if there is no
 * memory or thread for it; nothing is left behind then.
 */
Lookup *
pm_xref_lookup_start(const char *hosts, const char *ports)
{
	Lookup *lookup = take_up(hosts, ports);
	int count = count_elements(hosts);
	bool one_port = strchr(ports, ',') == NULL;
	bool whole;
	int ends[2];
	int error;

	if (lookup != NULL)
		return lookup;
	lookup = calloc(1, offsetof(Lookup, hosts) + count * sizeof(Host));
	if (lookup == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	pg_atomic_init_u32(&lookup->users, 1);
	lookup->count = count;
	lookup->hosts_asked = strdup(hosts);
	lookup->ports_asked = strdup(ports);
	whole = lookup->hosts_asked != NULL && lookup->ports_asked != NULL;
	for (int i = 0; i < count; i++)
	{
		const char *port = ports;
		Host *host = &lookup->hosts[i];

		host->name = next_element(&hosts);
		host->port = next_element(one_port ? &port : &ports);
		whole = whole && host->name != NULL && host->port != NULL;
		host->is_name = whole && is_name(host->name, strlen(host->name));
	}
	if (!whole)
	{
		let_go(lookup);
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	}
	if (!AcquireExternalFD())
	{
		let_go(lookup);
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		                errmsg("too many files are open to look up a host")));
	}
	error = pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : errno;
	if (error == 0)
	{
		lookup->done = ends[0];
		lookup->asking = ends[1];
		pg_atomic_write_u32(&lookup->users, 2);
		error = start_thread(lookup);
		if (error != 0)
		{
			close(ends[0]);
			close(ends[1]);
			pg_atomic_write_u32(&lookup->users, 1);
		}
	}
	if (error != 0)
	{
		ReleaseExternalFD();
		let_go(lookup);
		errno = error;
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		                errmsg("could not look up a host: %m")));
	}
	return lookup;
}

/* Becomes readable when the answer is there. */
pgsocket
pm_xref_lookup_socket(const Lookup *lookup)
{
	return lookup->done;
}

/* Is the answer there? */
bool
pm_xref_lookup_done(const Lookup *lookup)
{
	char byte;
	bool done = read(lookup->done, &byte, 1) == 0;

	pg_read_barrier();
	return done;
}

/* Appends an element to a list with commas. */
static void
add_element(StringInfo list, bool first, const char *element)
{
	if (!first)
		appendStringInfoChar(list, ',');
	appendStringInfoString(list, element);
}

/*
 * The answer, once it is there: lists of hosts, their addresses and ports, of the same
 * length, an element for each address; it is empty where there was no name.  Names that
 * have no address are left out; if none is left, returns false, and *failure says why.
 */
bool
pm_xref_lookup_answer(const Lookup *lookup, char **hosts, char **addresses, char **ports,
                      char **failure)
{
	StringInfoData lists[3];
	int elements = 0;

	for (int i = 0; i < lengthof(lists); i++)
		initStringInfo(&lists[i]);
	*failure = NULL;
	for (int i = 0; i < lookup->count; i++)
	{
		const Host *host = &lookup->hosts[i];
		const struct addrinfo *found = host->found;

		if (host->failure != 0)
		{
			errno = host->error;
			*failure =
			    psprintf("could not translate host name \"%s\" to address: %s", host->name,
			             host->failure == EAI_SYSTEM ? strerror(errno)
			                                         : gai_strerror(host->failure));
			continue;
		}
		do
		{
			char address[MAX_ADDRESS] = "";

			if (found != NULL && getnameinfo(found->ai_addr, found->ai_addrlen, address,
			                                 sizeof(address), NULL, 0, NI_NUMERICHOST) != 0)
				continue;
			add_element(&lists[0], elements == 0, host->name);
			add_element(&lists[1], elements == 0, address);
			add_element(&lists[2], elements == 0, host->port);
			elements++;
		} while (found != NULL && (found = found->ai_next) != NULL);
	}
	*hosts = lists[0].data;
	*addresses = lists[1].data;
	*ports = lists[2].data;
	return elements > 0;
}

/* Ends it, done or not; NULL is none. */
void
pm_xref_lookup_end(Lookup *lookup)
{
	if (lookup == NULL)
		return;
	if (pm_xref_lookup_done(lookup))
		discard(lookup);
	else
	{
		lookup->next = kept;
		kept = lookup;
	}
}
