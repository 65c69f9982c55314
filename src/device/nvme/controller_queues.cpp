// SPDX-License-Identifier: Apache-2.0
// Commands out of submission queues, completions into completion queues.
#include <algorithm>

#include "device/nvme/request.h"

namespace kelvin::device::nvme {

namespace {

/// Commands of all queues that have no completion yet: what bounds the host's memory for them.
constexpr std::size_t kMaxRequests = 2048;
/// Commands of one queue before others have their turn.
constexpr unsigned kFuel = 256;

}  // namespace

void Controller::schedule() {
    if (!scheduled_.exchange(true)) {
        io_.post(call_method<&Controller::run, Controller>, this);
    }
}

void Controller::run() {
    scheduled_ = false;
    report_bad_rings();
    if (!running_) {
        return;
    }
    for (const auto& [id, space] : spaces_) {
        space->disk().begin_batch();
    }
    for (const auto& queue : completions_) {
        if (queue != nullptr && !queue->waiting.empty()) {
            post_waiting(*queue);
        }
    }
    for (u16 id = 0; id < submissions_.size(); ++id) {
        if (submissions_[id] != nullptr && pending_[id].load(std::memory_order_relaxed) &&
            pending_[id].exchange(false)) {
            fetch(*submissions_[id]);
        }
    }
    for (const auto& [id, space] : spaces_) {
        space->disk().end_batch();
    }
}

/// Nobody is told of those while the controller was off.
void Controller::report_bad_rings() {
    const bool rang_no_queue = rang_no_queue_.exchange(false);
    const bool rang_beyond = rang_beyond_.exchange(false);
    if (running_ && rang_no_queue) {
        report({.type = kErrorType, .information = 0, .log_page = 1});
    }
    if (running_ && rang_beyond) {
        report({.type = kErrorType, .information = 1, .log_page = 1});
    }
}

void Controller::fetch(SubmissionQueue& queue) {
    for (unsigned fuel = kFuel; fuel != 0; --fuel) {
        if (queue.head == doorbells_[2 * std::size_t{queue.id}].value()) {
            return;
        }
        // A host that rings again for places which it has not got back would have commands remembered without end.
        if (queue.in_flight >= queue.size || requests_.size() - idle_.size() >= kMaxRequests) {
            queue.stalled = true;
            stalled_ = true;
            return;
        }
        std::array<u8, kSubmissionEntry> bytes;
        queue.ram.copy_in(queue.head * kSubmissionEntry, bytes);
        queue.head = queue.head + 1 == queue.size ? 0 : queue.head + 1;
        ++queue.in_flight;
        Request& request = take_request();
        request.queue = queue.id;
        request.command = Command(bytes);
        if (queue.id == 0) {
            execute_admin(request);
        } else {
            execute_io(request);
        }
    }
    pending_[queue.id] = true;
    schedule();
}

Controller::Request& Controller::take_request() {
    if (idle_.empty()) {
        requests_.push_back(std::make_unique<Request>());
        requests_.back()->controller = this;
        idle_.push_back(requests_.back().get());
    }
    Request& request = *idle_.back();
    idle_.pop_back();
    return request;
}

void Controller::release(Request& request) {
    request.space = nullptr;
    request.buffer = {};
    idle_.push_back(&request);
}

void Controller::resume_stalled() {
    stalled_ = false;
    for (const auto& queue : submissions_) {
        if (queue != nullptr && queue->stalled) {
            queue->stalled = false;
            pending_[queue->id] = true;
            schedule();
        }
    }
}

void Controller::complete(Request& request, Status status, u32 result) {
    if (running_) {
        if (status != Status::success) {
            note_error(request, status);
        }
        const SubmissionQueue& from = *submissions_[request.queue];
        post(*completions_[from.completions], {.result = result,
                                               .submission_head = static_cast<u16>(from.head),
                                               .submission_queue = from.id,
                                               .command = request.command.id(),
                                               .status = status});
    }
    release(request);
}

/// The host sees it now, or when it has made room.
void Controller::post(CompletionQueue& queue, const Completion& completion) {
    queue.waiting.push_back(completion);
    post_waiting(queue);
}

void Controller::post_waiting(CompletionQueue& queue) {
    bool posted = false;
    while (!queue.waiting.empty()) {
        if (queue.is_full()) {
            queue.head().await(true);
            if (queue.is_full()) {
                break;
            }
        }
        const Completion& next = queue.waiting.front();
        queue.put(next);
        --submissions_[next.submission_queue]->in_flight;
        queue.waiting.pop_front();
        posted = true;
    }
    if (queue.waiting.empty()) {
        queue.head().await(false);
    }
    if (posted && stalled_) {
        resume_stalled();
    }
    if (!posted || !queue.interrupts) {
        return;
    }
    if (port_.uses_messages()) {
        port_.send_message(queue.vector);
    } else {
        update_line();
    }
}

bool Controller::open_completion_queue(u16 id, u64 base, u32 size) {
    const auto ram = dma_.slice({base}, size * kCompletionEntry);
    if (!ram || base % page_size_ != 0) {
        return false;
    }
    Doorbell& head = doorbells_[2 * std::size_t{id} + 1];
    head.open(size);
    completions_[id] = std::make_unique<CompletionQueue>(size, dma_, *ram, Gpa{base}, head);
    return true;
}

bool Controller::open_submission_queue(u16 id, u16 completions, u64 base, u32 size) {
    const auto ram = dma_.slice({base}, size * kSubmissionEntry);
    if (!ram || base % page_size_ != 0) {
        return false;
    }
    doorbells_[2 * std::size_t{id}].open(size);
    submissions_[id] = std::make_unique<SubmissionQueue>(
        SubmissionQueue{.id = id, .completions = completions, .size = size, .base = {base}, .ram = *ram});
    ++completions_[completions]->users;
    return true;
}

void Controller::drain() {
    for (const auto& [id, space] : spaces_) {
        space->disk().drain();
    }
}

}  // namespace kelvin::device::nvme
