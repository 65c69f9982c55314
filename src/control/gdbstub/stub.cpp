// SPDX-License-Identifier: Apache-2.0
#include "control/gdbstub/stub.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "control/gdbstub/listener.h"

namespace kelvin::gdbstub {

namespace {

/// What a debugger that reads nothing may make us hold.
constexpr std::size_t kMaxPending = 1u << 20;
constexpr i64 kRetryNs = 2'000'000;

Fd duplicate(int fd) {
    Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (copy) {
        ::fcntl(copy.get(), F_SETFL, ::fcntl(copy.get(), F_GETFL) | O_NONBLOCK);
    }
    return copy;
}

}  // namespace

struct Stub::Connection {
    Connection(Stub& stub, Fd in, Fd out)
        : target(stub.vm_, stub.surroundings_),
          server(target, [&stub](std::string_view bytes) { stub.send(bytes); }),
          input(std::move(in)),
          output(std::move(out)),
          was_running(stub.vm_.is_running()) {}

    MachineTarget target;
    Server server;
    Fd input;
    Fd output;
    const bool was_running;
    std::string pending;  ///< not sent yet
    bool flush_posted = false;
    bool broken = false;
};

Stub::Stub(vm::Vm& vm, EventLoop& loop, Surroundings surroundings)
    : vm_(vm), loop_(loop), surroundings_(std::move(surroundings)) {}

Result<std::unique_ptr<Stub>> Stub::create(const vm::DebuggerSpec& spec, vm::Vm& vm, EventLoop& loop,
                                           Surroundings surroundings) {
    std::unique_ptr<Stub> stub(new Stub(vm, loop, std::move(surroundings)));
    if (spec.kind == vm::DebuggerSpec::Kind::stdio) {
        stub->begin(duplicate(STDIN_FILENO), duplicate(STDOUT_FILENO));
        return stub;
    }
    stub->listener_ = KELVIN_TRY(listen(spec));
    if (spec.kind == vm::DebuggerSpec::Kind::unix_socket) {
        stub->socket_path_ = spec.path;
    }
    loop.watch(stub->listener_.get(), call_method<&Stub::accept, Stub>, stub.get());
    return stub;
}

Stub::~Stub() {
    if (connection_ != nullptr) {
        connection_->server.machine_ended();
        loop_.unwatch(connection_->input.get());
        vm_.set_debug_observer(nullptr);
    }
    loop_.cancel(this);
    if (listener_) {
        loop_.unwatch(listener_.get());
    }
    if (!socket_path_.empty()) {
        ::unlink(socket_path_.c_str());
    }
}

/// Another waits until this one has left.
void Stub::accept() {
    Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!peer) {
        return;
    }
    send_at_once(peer.get());
    loop_.unwatch(listener_.get());
    Fd output(::fcntl(peer.get(), F_DUPFD_CLOEXEC, 0));
    begin(std::move(peer), std::move(output));
}

void Stub::begin(Fd input, Fd output) {
    connection_ = std::make_unique<Connection>(*this, std::move(input), std::move(output));
    vm_.set_debug_observer(this);
    vm_.pause();
    loop_.watch(connection_->input.get(), call_method<&Stub::read, Stub>, this);
}

void Stub::read() {
    u8 bytes[4096];
    const ssize_t count = ::read(connection_->input.get(), bytes, sizeof bytes);
    if (count > 0) {
        connection_->server.receive({bytes, static_cast<std::size_t>(count)});
    }
    const bool later = count < 0 && (errno == EAGAIN || errno == EINTR);
    if ((count <= 0 && !later) || connection_->broken || connection_->server.is_over()) {
        end();
    }
}

void Stub::send(std::string_view bytes) {
    Connection& connection = *connection_;
    if (connection.pending.size() + bytes.size() > kMaxPending) {
        connection.broken = true;
    }
    if (!connection.broken) {
        connection.pending += bytes;
        flush();
    }
}

void Stub::flush() {
    Connection& connection = *connection_;
    connection.flush_posted = false;
    while (!connection.pending.empty()) {
        const ssize_t count = ::write(connection.output.get(), connection.pending.data(), connection.pending.size());
        if (count > 0) {
            connection.pending.erase(0, static_cast<std::size_t>(count));
        } else if (errno == EAGAIN) {
            connection.flush_posted = true;
            loop_.cancel(this);
            return loop_.post(call_method<&Stub::flush, Stub>, this, kRetryNs);
        } else if (errno != EINTR) {
            // Reading will tell.
            connection.pending.clear();
        }
    }
}

/// What the debugger wanted is forgotten, and what it held goes on.
void Stub::end() {
    loop_.unwatch(connection_->input.get());
    loop_.cancel(this);
    vm_.set_debug_observer(nullptr);
    const bool goes_on = connection_->was_running || connection_->target.has_resumed();
    connection_.reset();
    if (goes_on) {
        vm_.resume();
    }
    if (listener_) {
        loop_.watch(listener_.get(), call_method<&Stub::accept, Stub>, this);
    }
}

void Stub::cpu_stopped(unsigned cpu, const accel::DebugEvent& event) {
    connection_->target.note_stop(cpu, event);
    connection_->server.cpu_stopped(cpu, event);
}

void Stub::machine_paused() {
    connection_->server.machine_paused();
}

}  // namespace kelvin::gdbstub
