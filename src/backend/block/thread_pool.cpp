// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "backend/block/io_engines.h"
#include "base/fd.h"

namespace kelvin::block {

namespace {

constexpr unsigned kThreads = 16;

i64 perform(const IoOperation& operation) {
    const auto offset = static_cast<off_t>(operation.offset);
    const auto count = static_cast<int>(operation.segment_count);
    switch (operation.kind) {
        case IoOperation::Kind::read:
            return ::preadv(operation.fd, operation.segments, count, offset);
        case IoOperation::Kind::write:
            return ::pwritev(operation.fd, operation.segments, count, offset);
        case IoOperation::Kind::synchronize:
            return ::fdatasync(operation.fd);
        case IoOperation::Kind::allocate:
            return ::fallocate(operation.fd, operation.mode, offset, static_cast<off_t>(operation.length));
        case IoOperation::Kind::compute:
            return operation.work(operation);
    }
    return 0;
}

class ThreadPool final : public Engine {
  public:
    explicit ThreadPool(Fd ready) : ready_(std::move(ready)) {}
    ~ThreadPool() override {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        work_.notify_all();
    }

    void start(IoOperation& operation) override {
        ++under_way_;
        const std::lock_guard lock(mutex_);
        waiting_.push_back(&operation);
        if (idle_ < waiting_.size() && threads_.size() < kThreads) {
            threads_.emplace_back([this] { serve(); });
        }
        work_.notify_one();
    }

    void submit() override {}

    void collect(bool wait) override {
        if (wait && under_way_ != 0) {
            pollfd polled{ready_.get(), POLLIN, 0};
            ::poll(&polled, 1, -1);
        }
        u64 ignored = 0;
        static_cast<void>(!::read(ready_.get(), &ignored, sizeof ignored));
        std::vector<IoOperation*> done;
        {
            const std::lock_guard lock(mutex_);
            done.swap(done_);
        }
        under_way_ -= done.size();
        for (IoOperation* operation : done) {
            operation->done(*operation);
        }
    }

    u64 under_way() const override { return under_way_; }
    int ready_fd() const override { return ready_.get(); }

  private:
    void serve() {
        std::unique_lock lock(mutex_);
        for (;;) {
            ++idle_;
            work_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
            --idle_;
            if (waiting_.empty()) {
                return;
            }
            IoOperation& operation = *waiting_.front();
            waiting_.pop_front();
            lock.unlock();
            const i64 result = perform(operation);
            operation.result = result < 0 ? -errno : result;
            lock.lock();
            done_.push_back(&operation);
            const u64 one = 1;
            static_cast<void>(!::write(ready_.get(), &one, sizeof one));
        }
    }

    Fd ready_;
    u64 under_way_ = 0;
    std::mutex mutex_;  // guards what follows; never held while the host works
    std::condition_variable work_;
    std::deque<IoOperation*> waiting_;
    std::vector<IoOperation*> done_;
    u64 idle_ = 0;
    bool ending_ = false;
    std::vector<std::jthread> threads_;  // last, so that they end before what they use
};

}  // namespace

Result<std::unique_ptr<Engine>> make_thread_pool() {
    Fd ready(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!ready) {
        return host_error("no eventfd for the threads of disks", errno);
    }
    return std::unique_ptr<Engine>(std::make_unique<ThreadPool>(std::move(ready)));
}

}  // namespace kelvin::block
