// SPDX-License-Identifier: Apache-2.0
// Asynchronous input and output of host files: by io_uring, or by threads where the host refuses that or the user wants
// it.
#pragma once

#include <sys/uio.h>

#include <coroutine>
#include <memory>
#include <string>
#include <vector>

#include "backend/block/task.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/types.h"

namespace kelvin::block {

/// What moves bytes; `automatic` is io_uring if the host has it.
enum class IoEngine : u8 { automatic, threads, io_uring };

/// What the host is asked to do. Whoever starts one owns it, and keeps it until `done`.
struct IoOperation {
    /// compute: `work`, on a thread that may take its time; on this one if the host has no other.
    enum class Kind : u8 { read, write, synchronize, allocate, compute };
    Kind kind = Kind::read;
    IoEngine engine = IoEngine::automatic;  ///< one that the context has
    int fd = -1;
    int mode = 0;  ///< allocate: as fallocate(2) takes it
    u64 offset = 0;
    u64 length = 0;                   ///< allocate
    const iovec* segments = nullptr;  ///< read, write
    unsigned segment_count = 0;       ///< at most kMaxSegments
    i64 (*work)(const IoOperation&) = nullptr;
    void* argument = nullptr;  ///< of `work`
    i64 result = 0;            ///< bytes, or -errno; what `work` returned
    void (*done)(IoOperation&) = nullptr;
};

/// As many as the host takes in one call (IOV_MAX).
inline constexpr unsigned kMaxSegments = 1024;

class Engine;

/// Used by one thread, the event loop's, or that of a program without one. Completions are delivered by turn().
class IoContext final {
  public:
    /// With one engine, `engine`, which is then also the automatic one.
    static Result<std::unique_ptr<IoContext>> create(IoEngine engine = IoEngine::automatic);
    ~IoContext();
    IoContext(const IoContext&) = delete;
    IoContext& operator=(const IoContext&) = delete;

    /// Operations may name `engine` from here on; an error if the host does not have it.
    Result<> enable(IoEngine engine);
    /// The automatic one.
    IoEngine engine() const { return automatic_; }

    /// From here until detach() the loop calls turn() when there is something to do.
    void attach(EventLoop& loop);
    void detach();

    void start(IoOperation& operation);
    /// Calls `handler` in the next turn.
    void later(EventLoop::Handler handler, void* context);
    void resume_later(std::coroutine_handle<> coroutine);

    /// Delivers what is done; with `wait`, something at least, if anything is under way.
    void turn(bool wait);

    /// Between the two, operations may be handed to the host together.
    void begin_batch() { ++batches_; }
    void end_batch() {
        if (--batches_ == 0) {
            submit();
        }
    }

    /// Runs `task` to its end; what else is under way is delivered too.
    template <class T>
    T run(Task<T> task) {
        std::optional<T> value;
        deliver(task, value);
        while (!value) {
            turn(true);
        }
        return std::move(*value);
    }

  private:
    struct Later {
        EventLoop::Handler handler;
        void* context;
    };
    IoContext();
    template <class T>
    static Detached deliver(Task<T>& task, std::optional<T>& value) {
        value.emplace(co_await task);
    }
    std::unique_ptr<Engine>& place_of(IoEngine engine) { return engine == IoEngine::threads ? threads_ : ring_; }
    void on_ready() { turn(false); }
    void submit();
    void wait();

    IoEngine automatic_ = IoEngine::automatic;
    std::unique_ptr<Engine> ring_;
    std::unique_ptr<Engine> threads_;
    EventLoop* loop_ = nullptr;
    std::vector<Later> later_;
    unsigned batches_ = 0;
};

/// co_await HostIo(io, operation) is the operation's result.
class HostIo : IoOperation {
  public:
    HostIo(IoContext& io, const IoOperation& operation) : IoOperation(operation), io_(io) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        waiter_ = waiter;
        done = [](IoOperation& operation) { static_cast<HostIo&>(operation).waiter_.resume(); };
        io_.start(*this);
    }
    i64 await_resume() const { return result; }

  private:
    IoContext& io_;
    std::coroutine_handle<> waiter_;
};

/// co_await compute(io, work) is what work() returns, an i64, which is called on another thread; it touches nothing
/// that others may touch meanwhile.
template <class Work>
HostIo compute(IoContext& io, Work& work) {
    IoOperation operation;
    operation.kind = IoOperation::Kind::compute;
    operation.work = [](const IoOperation& self) { return static_cast<i64>((*static_cast<Work*>(self.argument))()); };
    operation.argument = &work;
    return HostIo(io, operation);
}

}  // namespace kelvin::block
