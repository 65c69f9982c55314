// SPDX-License-Identifier: Apache-2.0
// Bytes through a socket of the family vsock, whose other end is the host's: what comes on standard input goes there,
// what comes from there goes to standard output.
//
//     vsock connect PORT      to the host's port
//     vsock listen PORT       for one connection of the host's
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

static void check(int outcome, const char* what) {
    if (outcome < 0) {
        perror(what);
        exit(1);
    }
}

static void copy(int from, int to) {
    static char bytes[1 << 17];
    ssize_t size;
    while ((size = read(from, bytes, sizeof bytes)) > 0) {
        for (ssize_t done = 0; done < size;) {
            ssize_t written = write(to, bytes + done, size - done);
            check(written, "write");
            done += written;
        }
    }
    check(size, "read");
}

int main(int count, char** words) {
    if (count != 3) {
        return 2;
    }
    int end = socket(AF_VSOCK, SOCK_STREAM, 0);
    check(end, "socket");
    struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_port = atoi(words[2]), .svm_cid = VMADDR_CID_HOST};
    if (strcmp(words[1], "listen") == 0) {
        address.svm_cid = VMADDR_CID_ANY;
        check(bind(end, (struct sockaddr*)&address, sizeof address), "bind");
        check(listen(end, 1), "listen");
        end = accept(end, NULL, NULL);
        check(end, "accept");
    } else {
        check(connect(end, (struct sockaddr*)&address, sizeof address), "connect");
    }
    if (fork() == 0) {
        copy(0, end);
        shutdown(end, SHUT_WR);
        return 0;
    }
    copy(end, 1);
    return 0;
}
