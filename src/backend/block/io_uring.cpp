// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <liburing.h>

#include "backend/block/io_engines.h"
#include "base/assert.h"

namespace kelvin::block {

namespace {

/// Requests beyond it are handed over in several calls; the host keeps completions that find no room.
constexpr unsigned kEntries = 256;

class IoUring final : public Engine {
  public:
    explicit IoUring(const io_uring& ring) : ring_(ring) {}
    ~IoUring() override { io_uring_queue_exit(&ring_); }

    void start(IoOperation& operation) override {
        io_uring_sqe* entry = io_uring_get_sqe(&ring_);
        while (entry == nullptr) {
            hand_over();
            entry = io_uring_get_sqe(&ring_);
        }
        prepare(*entry, operation);
        io_uring_sqe_set_data(entry, &operation);
        ++under_way_;
    }

    void submit() override {
        if (io_uring_sq_ready(&ring_) != 0) {
            hand_over();
        }
    }

    void collect(bool wait) override {
        io_uring_cqe* completion = nullptr;
        if (wait && under_way_ != 0) {
            io_uring_wait_cqe(&ring_, &completion);
        }
        while (io_uring_peek_cqe(&ring_, &completion) == 0) {
            auto& operation = *static_cast<IoOperation*>(io_uring_cqe_get_data(completion));
            operation.result = completion->res;
            io_uring_cqe_seen(&ring_, completion);
            --under_way_;
            operation.done(operation);
        }
    }

    u64 under_way() const override { return under_way_; }
    int ready_fd() const override { return ring_.ring_fd; }

  private:
    static void prepare(io_uring_sqe& entry, const IoOperation& operation) {
        switch (operation.kind) {
            case IoOperation::Kind::read:
                io_uring_prep_readv(&entry, operation.fd, operation.segments, operation.segment_count,
                                    operation.offset);
                return;
            case IoOperation::Kind::write:
                io_uring_prep_writev(&entry, operation.fd, operation.segments, operation.segment_count,
                                     operation.offset);
                return;
            case IoOperation::Kind::synchronize:
                io_uring_prep_fsync(&entry, operation.fd, IORING_FSYNC_DATASYNC);
                return;
            case IoOperation::Kind::allocate:
                io_uring_prep_rw(IORING_OP_FALLOCATE, &entry, operation.fd, nullptr,
                                 static_cast<unsigned>(operation.mode), operation.offset);
                entry.addr = operation.length;
                return;
            case IoOperation::Kind::compute:  // never comes here
                return;
        }
    }

    /// A host that is short of memory for a moment (EAGAIN, EBUSY) is asked again in the next turn.
    void hand_over() {
        const int submitted = io_uring_submit(&ring_);
        KELVIN_ASSERT(submitted >= 0 || submitted == -EAGAIN || submitted == -EBUSY || submitted == -EINTR);
    }

    io_uring ring_;
    u64 under_way_ = 0;
};

bool has_operations(io_uring& ring) {
    io_uring_probe* const probe = io_uring_get_probe_ring(&ring);
    if (probe == nullptr) {
        return false;
    }
    const bool has = io_uring_opcode_supported(probe, IORING_OP_FALLOCATE) != 0;
    io_uring_free_probe(probe);
    return has;
}

}  // namespace

Result<std::unique_ptr<Engine>> make_io_uring() {
    io_uring ring{};
    if (const int error = io_uring_queue_init(kEntries, &ring, 0); error < 0) {
        return host_error(
            "io_uring cannot be set up", -error,
            "leave out aio=io_uring: threads do the same; /proc/sys/kernel/io_uring_disabled says who may");
    }
    if (!has_operations(ring)) {
        io_uring_queue_exit(&ring);
        return host_error("io_uring of this kernel lacks operations", ENOSYS, "leave out aio=io_uring");
    }
    return std::unique_ptr<Engine>(std::make_unique<IoUring>(ring));
}

}  // namespace kelvin::block
