// SPDX-License-Identifier: Apache-2.0
// The sockets at which a VNC server's clients come in.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "backend/display/vnc_server.h"
#include "base/fd.h"
#include "base/result.h"

namespace kelvin::backend {

/// A unix socket's file goes with it.
class VncListener {
  public:
    explicit VncListener(Fd fd, std::string path = {}) : fd_(std::move(fd)), path_(std::move(path)) {}
    VncListener(VncListener&& other) noexcept : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})) {}
    VncListener& operator=(VncListener&&) = delete;
    ~VncListener();

    int fd() const { return fd_.get(); }

  private:
    Fd fd_;
    std::string path_;
};

/// All that `options` names; its port becomes the one that was free.
Result<std::vector<VncListener>> listen_for_vnc(VncOptions& options);

VncServer::Client describe_peer(const sockaddr_storage& address, socklen_t length);

}  // namespace kelvin::backend
