// SPDX-License-Identifier: Apache-2.0
#include "device/nvme/controller.h"

#include <algorithm>
#include <bit>

#include "device/nvme/request.h"

namespace kelvin::device::nvme {

namespace {

/// CAP (3.1.1): queues must be contiguous; what a host may wait for the controller, in units of 500 ms; NVM commands;
/// pages of 4 KiB to 64 KiB.
constexpr u64 kContiguous = u64{1} << 16;
constexpr u64 kTimeout = u64{20} << 24;
constexpr u64 kNvmCommandSet = u64{1} << 37;
constexpr u64 kLargestPage = u64{kLargestPageBits - 12} << 52;

}  // namespace

Controller::Controller(const ControllerOptions& options, EventLoop& io, const memory::Dma& dma, InterruptPort& port)
    : options_(options),
      size_(std::bit_ceil(reg::kDoorbells + 2 * sizeof(u32) * (options.io_queues + u64{1}))),
      io_(io),
      dma_(dma),
      port_(port),
      doorbells_(2 * (options.io_queues + std::size_t{1})),
      pending_(options.io_queues + std::size_t{1}),
      submissions_(options.io_queues + std::size_t{1}),
      completions_(options.io_queues + std::size_t{1}) {}

Controller::~Controller() {
    stop();
}

u64 Controller::capabilities() const {
    return (options_.largest_queue - 1) | kContiguous | kTimeout | kNvmCommandSet | kLargestPage;
}

u32 Controller::configuration() const {
    const std::lock_guard lock(lock_);
    return configuration_;
}

u64 Controller::read(u64 offset, unsigned size) {
    // 3.1: registers are read as they are wide, or by double words; parts of those do no harm.
    const unsigned shift = static_cast<unsigned>(offset % 4) * 8;
    if (size == 8) {
        return offset % 8 == 0 ? read_word(offset) | u64{read_word(offset + 4)} << 32 : 0;
    }
    return shift + size * 8 <= 32 ? read_word(align_down(offset, 4)) >> shift & low_mask(size * 8) : 0;
}

u32 Controller::read_word(u64 offset) const {
    const std::lock_guard lock(lock_);
    switch (offset) {
        case reg::kCapabilities:
            return static_cast<u32>(capabilities());
        case reg::kCapabilities + 4:
            return static_cast<u32>(capabilities() >> 32);
        case reg::kVersion:
            return kVersion14;
        case reg::kMaskSet:
        case reg::kMaskClear:
            return mask_;
        case reg::kConfiguration:
            return configuration_;
        case reg::kStatus:
            return status_;
        case reg::kAdminQueueAttributes:
            return admin_attributes_;
        case reg::kAdminSubmissionBase:
            return static_cast<u32>(admin_submissions_);
        case reg::kAdminSubmissionBase + 4:
            return static_cast<u32>(admin_submissions_ >> 32);
        case reg::kAdminCompletionBase:
            return static_cast<u32>(admin_completions_);
        case reg::kAdminCompletionBase + 4:
            return static_cast<u32>(admin_completions_ >> 32);
        default:
            return 0;
    }
}

void Controller::write(u64 offset, unsigned size, u64 value) {
    if (size < 4 || offset % size != 0) {
        return;
    }
    write_word(offset, static_cast<u32>(value));
    if (size == 8) {
        write_word(offset + 4, static_cast<u32>(value >> 32));
    }
}

void Controller::write_word(u64 offset, u32 value) {
    if (offset >= reg::kDoorbells) {
        return ring((offset - reg::kDoorbells) / sizeof(u32), value);
    }
    switch (offset) {
        case reg::kMaskSet:
            mask_ |= value;
            return interrupts_changed();
        case reg::kMaskClear:
            mask_ &= ~value;
            return interrupts_changed();
        case reg::kConfiguration:
            return io_.call([&] { configure(value); });
        default:
            break;
    }
    const std::lock_guard lock(lock_);
    const auto put_half = [&](u64& base) {
        base = offset % 8 == 0 ? with_bits(base, 31, 0, value & ~u32{0xfff}) : with_bits(base, 63, 32, value);
    };
    switch (offset) {
        case reg::kAdminQueueAttributes:
            admin_attributes_ = value & kAdminSizesWritable;
            break;
        case reg::kAdminSubmissionBase:
        case reg::kAdminSubmissionBase + 4:
            put_half(admin_submissions_);
            break;
        case reg::kAdminCompletionBase:
        case reg::kAdminCompletionBase + 4:
            put_half(admin_completions_);
            break;
        default:
            break;
    }
}

void Controller::ring(u64 index, u32 value) {
    if (index >= doorbells_.size()) {
        rang_no_queue_ = true;
        return schedule();
    }
    Doorbell& bell = doorbells_[index];
    switch (bell.ring(value)) {
        case Doorbell::Outcome::no_queue:
            rang_no_queue_ = true;
            return schedule();
        case Doorbell::Outcome::beyond_end:
            rang_beyond_ = true;
            return schedule();
        case Doorbell::Outcome::accepted:
            break;
    }
    if (index % 2 == 0) {
        if (!pending_[index / 2].exchange(true)) {
            schedule();
        }
        return;
    }
    if (bell.is_awaited()) {
        schedule();
    }
    if (!port_.uses_messages()) {
        // A handler that has consumed all must not find the line still high when it ends.
        interrupts_changed();
    }
}

void Controller::interrupts_changed() {
    io_.call([this] { update_line(); });
}

void Controller::reset() {
    io_.call([this] {
        stop();
        mask_ = 0;
        update_line();
        const std::lock_guard lock(lock_);
        configuration_ = 0;
        admin_attributes_ = 0;
        admin_submissions_ = 0;
        admin_completions_ = 0;
    });
}

void Controller::configure(u32 value) {
    u32 before = 0;
    value &= cc::kWritable;
    {
        const std::lock_guard lock(lock_);
        before = std::exchange(configuration_, value);
    }
    const u32 rising = value & ~before;
    const u32 falling = before & ~value;
    if ((rising & cc::kEnable) != 0) {
        start(value);
    } else if ((falling & cc::kEnable) != 0) {
        stop();
        update_line();
    }
    if (cc::shutdown(value) != 0 && cc::shutdown(value) != cc::shutdown(before)) {
        shut_down();
    }
}

void Controller::start(u32 configuration) {
    u32 attributes = 0;
    u64 submissions = 0;
    u64 completions = 0;
    {
        const std::lock_guard lock(lock_);
        attributes = admin_attributes_;
        submissions = admin_submissions_;
        completions = admin_completions_;
    }
    const unsigned page_bits = cc::page_bits(configuration);
    page_size_ = u64{1} << std::min(page_bits, kLargestPageBits);
    const bool known =
        cc::command_set(configuration) == 0 && cc::arbitration(configuration) == 0 && page_bits <= kLargestPageBits;
    running_ = true;
    // AQA counts from 0, and an admin queue has 2 entries at least.
    const u32 submission_entries = (attributes & 0xfff) + 1;
    const u32 completion_entries = (attributes >> 16) + 1;
    if (!known || submission_entries < 2 || completion_entries < 2 ||
        !open_completion_queue(0, completions, completion_entries) ||
        !open_submission_queue(0, 0, submissions, submission_entries)) {
        stop();
        status_ = csts::kFatal;
        return;
    }
    completions_[0]->interrupts = true;
    features_ = {};
    features_.write_cache =
        std::ranges::all_of(spaces_, [](const auto& each) { return each.second->cached_at_first(); });
    status_ = csts::kReady;
}

void Controller::stop() {
    running_ = false;
    drain();
    for (Doorbell& bell : doorbells_) {
        bell.open(0);
    }
    for (auto& queue : submissions_) {
        queue.reset();
    }
    for (auto& queue : completions_) {
        queue.reset();
    }
    for (std::atomic<bool>& pending : pending_) {
        pending = false;
    }
    scheduled_ = false;
    io_.cancel(this);
    rang_no_queue_ = false;
    rang_beyond_ = false;
    stalled_ = false;
    events_.clear();
    masked_events_ = 0;
    event_requests_.clear();
    changed_.clear();
    status_ = 0;
}

/// 7.6.2: what is in caches of the controller's goes to the disks; requests after that are not forbidden.
void Controller::shut_down() {
    if (flushes_left_ != 0) {
        return;
    }
    status_ = (status_ & ~csts::kShutdownMask) | csts::kShutdownOccurring;
    flushes_left_ = spaces_.size() + 1;
    last_flushes_.assign(spaces_.size(), {});
    std::size_t next = 0;
    for (const auto& [id, space] : spaces_) {
        backend::BlockRequest& flush = last_flushes_[next++];
        flush.kind = backend::BlockRequest::Kind::flush;
        flush.context = this;
        flush.done = [](backend::BlockRequest& request, int) { static_cast<Controller*>(request.context)->flushed(); };
        space->disk().submit(flush);
    }
    flushed();
}

void Controller::flushed() {
    if (--flushes_left_ == 0) {
        status_ = (status_ & ~csts::kShutdownMask) | csts::kShutdownComplete;
    }
}

/// Without messages the line is high while a queue has entries that the host has not consumed (7.5.1.1).
void Controller::update_line() {
    bool level = false;
    if (!port_.uses_messages()) {
        for (const auto& queue : completions_) {
            const bool wanted = queue != nullptr && queue->interrupts && !queue->is_empty();
            level = level || (wanted && !bit(mask_, queue->vector % 32));
        }
    }
    port_.set_line(level);
}

void Controller::add(u32 id, Namespace& space) {
    spaces_[id] = &space;
    space.set_listener(
        id, [](void* controller, u32 which) { static_cast<Controller*>(controller)->note_change(which); }, this);
    note_change(id);
}

void Controller::remove(u32 id) {
    Namespace& space = *spaces_.at(id);
    space.disk().drain();
    space.set_listener(id, nullptr, nullptr);
    spaces_.erase(id);
    note_change(id);
}

}  // namespace kelvin::device::nvme
