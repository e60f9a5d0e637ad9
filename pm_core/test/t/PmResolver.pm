#
# PmResolver.pm - a resolver that answers late, or never, which no name server of the
# machine can be made to do
#
# Nothing is answered about names that end in .silent, and about others that end in .late
# not before somebody has written to a pipe: they are this host then.
#
package PmResolver;

use strict;
use warnings;

use Exporter qw(import);
use POSIX qw(mkfifo);
use PostgreSQL::Test::Utils;

our @EXPORT = qw(make_resolver);

# Makes it: the value of LD_PRELOAD for the server, and the pipe.
sub make_resolver
{
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $pipe = "$dir/answer";

	mkfifo($pipe, 0600) or die "$pipe: $!";
	append_to_file("$dir/resolver.c", <<'C');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

static int
ends_in(const char *name, const char *end)
{
	return name != NULL && strlen(name) > strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

int
getaddrinfo(const char *name, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
	int (*ask)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");

	while (ends_in(name, ".silent"))
		pause();
	if (!ends_in(name, ".late"))
		return ask(name, port, hints, found);
	close(open(PIPE, O_RDONLY));
	return ask("127.0.0.1", port, hints, found);
}
C
	system_or_bail('cc', '-shared', '-fPIC', "-DPIPE=\"$pipe\"", '-o', "$dir/resolver.so", "$dir/resolver.c");
	return (join(' ', grep { defined && $_ ne '' } $ENV{LD_PRELOAD}, "$dir/resolver.so"), $pipe);
}

1;
