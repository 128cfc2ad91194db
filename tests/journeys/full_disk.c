/* Preloaded into PostgreSQL by tests: while the file named by FULL_DISK exists, no regular file may grow, as on a full disk.
   Overwriting goes on, as it does there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int grows(int fd, off_t end) {
    struct stat of;
    const char *flag = getenv("FULL_DISK");
    return flag && access(flag, F_OK) == 0 && fstat(fd, &of) == 0 && S_ISREG(of.st_mode) && end > of.st_size;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FULL { errno = ENOSPC; return -1; }

static off_t total(const struct iovec *parts, int count) {
    off_t all = 0;
    for (int i = 0; i < count; i++) all += (off_t)parts[i].iov_len;
    return all;
}

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at >= 0 && grows(fd, at + (off_t)size)) FULL
    return real(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(pwrite);
    if (grows(fd, at + (off_t)size)) FULL
    return real(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(pwrite64);
    if (grows(fd, at + (off_t)size)) FULL
    return real(fd, data, size, at);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    REAL(pwritev);
    if (grows(fd, at + total(parts, count))) FULL
    return real(fd, parts, count, at);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
    REAL(pwritev64);
    if (grows(fd, at + total(parts, count))) FULL
    return real(fd, parts, count, at);
}
int posix_fallocate(int fd, off_t at, off_t size) {
    REAL(posix_fallocate);
    return grows(fd, at + size) ? ENOSPC : real(fd, at, size);
}
int posix_fallocate64(int fd, off64_t at, off64_t size) {
    REAL(posix_fallocate64);
    return grows(fd, at + size) ? ENOSPC : real(fd, at, size);
}
