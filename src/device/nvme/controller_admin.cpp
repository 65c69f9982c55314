// SPDX-License-Identifier: Apache-2.0
// Admin commands (NVM Express Base Specification 1.4, 5): queues, identification, events, logs.
#include <algorithm>

#include "device/nvme/request.h"

namespace kelvin::device::nvme {

namespace {

constexpr u32 kContiguous = 1;
constexpr u32 kInterruptsEnabled = 2;

// Identify's CNS (5.15.1).
constexpr u8 kNamespace = 0x00;
constexpr u8 kController = 0x01;
constexpr u8 kActiveList = 0x02;
constexpr u8 kDescriptors = 0x03;

}  // namespace

void Controller::execute_admin(Request& request) {
    // 4.2: neither fused nor with SGLs.
    if (request.command.fused() != 0 || request.command.data_pointer_kind() != 0) {
        return complete(request, Status::invalid_field);
    }
    switch (AdminOpcode{request.command.opcode()}) {
        case AdminOpcode::delete_submission_queue:
            return delete_submission_queue(request);
        case AdminOpcode::create_submission_queue:
            return create_submission_queue(request);
        case AdminOpcode::get_log_page:
            return get_log_page(request);
        case AdminOpcode::delete_completion_queue:
            return delete_completion_queue(request);
        case AdminOpcode::create_completion_queue:
            return create_completion_queue(request);
        case AdminOpcode::identify:
            return identify(request);
        case AdminOpcode::abort:
            return abort(request);
        case AdminOpcode::set_features:
            return set_features(request);
        case AdminOpcode::get_features:
            return get_features(request);
        case AdminOpcode::asynchronous_event_request:
            return request_event(request);
    }
    complete(request, Status::invalid_opcode);
}

void Controller::answer(Request& request, std::span<const u8> data) {
    const Status status = request.data.map(dma_, request.command, page_size_, data.size());
    if (status == Status::success) {
        request.data.copy_out(dma_, data);
    }
    complete(request, status);
}

Status Controller::check_active(u32 space) const {
    if (space == 0 || space > kMaxNamespaces) {
        return Status::invalid_namespace;
    }
    return spaces_.contains(space) ? Status::success : Status::invalid_field;
}

void Controller::create_completion_queue(Request& request) {
    const Command& command = request.command;
    const u16 id = static_cast<u16>(command.dword10());
    const u32 size = (command.dword10() >> 16) + 1;
    const u16 vector = static_cast<u16>(command.dword11() >> 16);
    if (id == 0 || id >= completions_.size() || completions_[id] != nullptr) {
        return complete(request, Status::invalid_queue_identifier);
    }
    if (size < 2 || size > options_.largest_queue) {
        return complete(request, Status::invalid_queue_size);
    }
    if (vector >= options_.vectors) {
        return complete(request, Status::invalid_interrupt_vector);
    }
    if (command.prp1() % page_size_ != 0) {
        return complete(request, Status::invalid_prp_offset);
    }
    if ((command.dword11() & kContiguous) == 0 || cc::completion_entry_bits(configuration()) != kCompletionEntryBits ||
        !open_completion_queue(id, command.prp1(), size)) {
        return complete(request, Status::invalid_field);
    }
    completions_[id]->vector = vector;
    completions_[id]->interrupts = (command.dword11() & kInterruptsEnabled) != 0;
    complete(request, Status::success);
}

void Controller::create_submission_queue(Request& request) {
    const Command& command = request.command;
    const u16 id = static_cast<u16>(command.dword10());
    const u32 size = (command.dword10() >> 16) + 1;
    const u16 completions = static_cast<u16>(command.dword11() >> 16);
    if (completions == 0 || completions >= completions_.size() || completions_[completions] == nullptr) {
        return complete(request, Status::completion_queue_invalid);
    }
    if (id == 0 || id >= submissions_.size() || submissions_[id] != nullptr) {
        return complete(request, Status::invalid_queue_identifier);
    }
    if (size < 2 || size > options_.largest_queue) {
        return complete(request, Status::invalid_queue_size);
    }
    if (command.prp1() % page_size_ != 0) {
        return complete(request, Status::invalid_prp_offset);
    }
    if ((command.dword11() & kContiguous) == 0 || cc::submission_entry_bits(configuration()) != kSubmissionEntryBits ||
        !open_submission_queue(id, completions, command.prp1(), size)) {
        return complete(request, Status::invalid_field);
    }
    complete(request, Status::success);
}

/// 5.6: its commands end before it does. Those whose completion finds no place are forgotten.
void Controller::delete_submission_queue(Request& request) {
    const u16 id = static_cast<u16>(request.command.dword10());
    if (id == 0 || id >= submissions_.size() || submissions_[id] == nullptr) {
        return complete(request, Status::invalid_queue_identifier);
    }
    drain();
    CompletionQueue& completions = *completions_[submissions_[id]->completions];
    std::erase_if(completions.waiting, [&](const Completion& each) { return each.submission_queue == id; });
    --completions.users;
    doorbells_[2 * std::size_t{id}].open(0);
    submissions_[id].reset();
    pending_[id] = false;
    complete(request, Status::success);
}

void Controller::delete_completion_queue(Request& request) {
    const u16 id = static_cast<u16>(request.command.dword10());
    if (id == 0 || id >= completions_.size() || completions_[id] == nullptr) {
        return complete(request, Status::invalid_queue_identifier);
    }
    if (completions_[id]->users != 0) {
        return complete(request, Status::invalid_queue_deletion);
    }
    doorbells_[2 * std::size_t{id} + 1].open(0);
    completions_[id].reset();
    update_line();
    complete(request, Status::success);
}

void Controller::identify(Request& request) {
    const u32 space = request.command.namespace_id();
    std::vector<u8> data(kIdentifySize);
    switch (static_cast<u8>(request.command.dword10())) {
        case kNamespace:
            // 5.15.2.1: for all of them, what they have in common; for one that is not there, zeroes.
            if (space == 0 || (space > kMaxNamespaces && space != kAllNamespaces)) {
                return complete(request, Status::invalid_namespace);
            }
            if (const auto found = spaces_.find(space); found != spaces_.end()) {
                found->second->identify(data);
            }
            break;
        case kController:
            data = identify_controller();
            break;
        case kActiveList:
            if (space >= kAllNamespaces - 1) {
                return complete(request, Status::invalid_namespace);
            }
            data = active_list(space);
            break;
        case kDescriptors:
            if (const Status status = check_active(space); status != Status::success) {
                return complete(request, status);
            }
            spaces_.at(space)->describe(data, options_.serial, space);
            break;
        default:
            return complete(request, Status::invalid_field);
    }
    answer(request, data);
}

/// 5.1: what the host's disks do cannot be called back; only requests for events are aborted.
void Controller::abort(Request& request) {
    const u16 queue = static_cast<u16>(request.command.dword10());
    const u16 id = static_cast<u16>(request.command.dword10() >> 16);
    const auto found = std::ranges::find(event_requests_, id);
    if (queue != 0 || found == event_requests_.end()) {
        return complete(request, Status::success, 1);
    }
    event_requests_.erase(found);
    ++submissions_[0]->in_flight;
    post(*completions_[0], {.result = 0,
                            .submission_head = static_cast<u16>(submissions_[0]->head),
                            .submission_queue = 0,
                            .command = id,
                            .status = Status::abort_requested});
    complete(request, Status::success, 0);
}

void Controller::request_event(Request& request) {
    if (event_requests_.size() > options_.event_request_limit) {
        return complete(request, Status::too_many_event_requests);
    }
    event_requests_.push_back(request.command.id());
    // It may wait for ever, and is none of the commands that a queue has in work.
    --submissions_[0]->in_flight;
    release(request);
    send_events();
}

void Controller::get_log_page(Request& request) {
    const Command& command = request.command;
    const u32 space = command.namespace_id();
    const u64 size = ((u64{command.dword11() & 0xffff} << 16 | command.dword10() >> 16) + 1) * 4;
    const u64 offset = command.dword12() | u64{command.dword13()} << 32;
    const bool retain = (command.dword10() & 1 << 15) != 0;
    if (size > largest_transfer() || offset % 4 != 0) {
        return complete(request, Status::invalid_field);
    }
    if (space != 0 && space != kAllNamespaces) {
        // 5.14: none of the pages is kept by namespace.
        if (const Status status = check_active(space); status != Status::success) {
            return complete(request, status);
        }
    }
    const u8 page = static_cast<u8>(command.dword10());
    const auto data = log_page(page);
    if (!data) {
        return complete(request, Status::invalid_log_page);
    }
    if (offset > data->size()) {
        return complete(request, Status::invalid_field);
    }
    if (!retain) {
        page_read(page);
    }
    answer(request, std::span(*data).subspan(offset, std::min(size, data->size() - offset)));
}

}  // namespace kelvin::device::nvme
