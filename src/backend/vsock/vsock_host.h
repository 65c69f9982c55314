// SPDX-License-Identifier: Apache-2.0
// The host's end of a guest's sockets (AF_VSOCK), by the scheme of Firecracker and Cloud Hypervisor: the host's
// programs connect to a unix socket at PATH, send "CONNECT <port>\n" and get "OK <port of their end>\n"; what the guest
// connects to at port P of the host is the unix socket at PATH_P.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/fd.h"
#include "base/result.h"

namespace kelvin::backend {

/// I/O loop's thread.
class VsockHost final : private PollSource {
  public:
    /// A program of the host's has asked for the guest's `port`, and waits to be told "OK". The socket does not block.
    using Caller = std::function<void(u32 port, Fd socket)>;

    /// Listens at `path`, where nothing may be yet; it is removed at the end.
    static Result<std::unique_ptr<VsockHost>> open(const std::string& path, EventLoop& loop);
    ~VsockHost() override;

    /// Null: who asks is turned away.
    void set_caller(Caller caller) { caller_ = std::move(caller); }
    /// What serves the host's `port`, as a socket that does not block; none if nothing does, or it has no time.
    Fd connect(u32 port) const;

  private:
    /// Programs that have not said yet what they want: one that says nothing keeps a descriptor of this process.
    static constexpr std::size_t kMostWaiting = 64;
    /// More than "CONNECT 4294967295\r\n" has.
    static constexpr std::size_t kMostLine = 32;
    /// When the process has no descriptor left for who comes.
    static constexpr i64 kPauseNs = 100'000'000;

    VsockHost(std::string path, Fd listener, EventLoop& loop);
    void before_poll(std::vector<pollfd>& polled, int& timeout_ms) override;
    void after_poll(std::span<const pollfd> polled) override;

    void accept();
    void go_on() { paused_ = false; }
    /// Who has not sent the whole line yet.
    struct Waiting {
        Fd socket;
        std::string line = {};
    };
    void hear(Waiting& who);

    const std::string path_;
    const Fd listener_;
    EventLoop& loop_;
    Caller caller_;
    struct stat made_ {};  // what was made at the path
    bool paused_ = false;
    std::list<Waiting> waiting_;
};

}  // namespace kelvin::backend
