// SPDX-License-Identifier: Apache-2.0
// Commands for data (NVM Express Base Specification 1.4, 6).
#include <algorithm>
#include <cerrno>

#include "device/nvme/request.h"

namespace kelvin::device::nvme {

using backend::BlockRequest;

namespace {

constexpr u32 kForceUnitAccess = u32{1} << 30;
constexpr u32 kDeallocate = u32{1} << 25;
constexpr u32 kAttributeDeallocate = u32{1} << 2;
constexpr u64 kRangeSize = 16;
/// What a host gives back in one call without being gone for long.
constexpr u64 kMaxDiscard = u64{1} << 30;
/// What is compared at once: as many requests as there may be hold such a buffer each.
constexpr u64 kCompareStep = 16384;

u64 block_count(const Command& command) {
    return u64{command.dword12() & 0xffff} + 1;
}

struct Range {
    u32 attributes;
    u32 blocks;
    u64 first;
};
static_assert(sizeof(Range) == kRangeSize);

Range range_at(std::span<const u8> bytes, u64 index) {
    Range range{};
    std::memcpy(&range, bytes.subspan(index * kRangeSize, kRangeSize).data(), kRangeSize);
    return range;
}

}  // namespace

void Controller::execute_io(Request& request) {
    const Command& command = request.command;
    if (command.fused() != 0) {
        return complete(request, Status::invalid_field);
    }
    if (const Status status = check_active(command.namespace_id()); status != Status::success) {
        return complete(request, status);
    }
    request.space = spaces_.at(command.namespace_id());
    switch (Opcode{command.opcode()}) {
        case Opcode::flush:
            request.block = {.kind = BlockRequest::Kind::flush};
            return submit(request, &Controller::finished);
        case Opcode::read:
            return transfer(request, false);
        case Opcode::write:
            return transfer(request, true);
        case Opcode::compare:
            return compare(request);
        case Opcode::write_zeroes:
            return write_zeroes(request);
        case Opcode::dataset_management:
            return deallocate(request);
    }
    complete(request, Status::invalid_opcode);
}

/// The range and the place of the data of a command that moves some.
Status Controller::map_blocks(Request& request) {
    const u64 count = block_count(request.command);
    const u64 bytes = count * request.space->block_size();
    if (bytes > largest_transfer()) {
        return Status::invalid_field;
    }
    if (!request.space->holds(request.command.first_block(), count)) {
        return Status::lba_out_of_range;
    }
    request.total = bytes;
    return request.data.map(dma_, request.command, page_size_, bytes);
}

void Controller::transfer(Request& request, bool is_write) {
    if (is_write && request.space->disk().read_only()) {
        return complete(request, Status::namespace_write_protected);
    }
    if (const Status status = map_blocks(request); status != Status::success) {
        return complete(request, status);
    }
    const bool forced = (request.command.dword12() & kForceUnitAccess) != 0 || !features_.write_cache;
    request.block = {.kind = is_write ? BlockRequest::Kind::write : BlockRequest::Kind::read,
                     .force_unit_access = is_write && forced,
                     .offset = request.command.first_block() * request.space->block_size(),
                     .length = request.total,
                     .segments = request.data.pieces()};
    (is_write ? statistics_.sectors_written : statistics_.sectors_read) += request.total / 512;
    ++(is_write ? statistics_.writes : statistics_.reads);
    submit(request, &Controller::finished);
}

void Controller::write_zeroes(Request& request) {
    const u64 count = block_count(request.command);
    if (request.space->disk().read_only()) {
        return complete(request, Status::namespace_write_protected);
    }
    if (!request.space->holds(request.command.first_block(), count)) {
        return complete(request, Status::lba_out_of_range);
    }
    const u32 flags = request.command.dword12();
    request.block = {.kind = BlockRequest::Kind::write_zeroes,
                     .may_unmap = (flags & kDeallocate) != 0,
                     .force_unit_access = (flags & kForceUnitAccess) != 0 || !features_.write_cache,
                     .offset = request.command.first_block() * request.space->block_size(),
                     .length = count * request.space->block_size()};
    submit(request, &Controller::finished);
}

/// 6.7: ranges are given back one after the other. More than the whole namespace is only there if they lie over each
/// other: what comes then is left as it is, which a hint allows. Else one command could hold up the end of its queue
/// for hours.
void Controller::deallocate(Request& request) {
    if ((request.command.dword11() & kAttributeDeallocate) == 0) {
        return complete(request, Status::success);
    }
    if (request.space->disk().read_only()) {
        return complete(request, Status::namespace_write_protected);
    }
    request.total = u64{request.command.dword10() & 0xff} + 1;
    const u64 bytes = request.total * kRangeSize;
    if (const Status status = request.data.map(dma_, request.command, page_size_, bytes); status != Status::success) {
        return complete(request, status);
    }
    request.buffer.resize(bytes);
    request.data.copy_in(0, request.buffer);
    u64 blocks = 0;
    u64 worthwhile = 0;
    for (u64 i = 0; i < request.total; ++i) {
        const Range range = range_at(request.buffer, i);
        if (!request.space->holds(range.first, range.blocks)) {
            return complete(request, Status::lba_out_of_range);
        }
        blocks += range.blocks;
        worthwhile += request.space->holds(0, blocks) ? 1 : 0;
    }
    request.total = worthwhile;
    request.progress = 0;
    request.within = 0;
    deallocate_next(request);
}

void Controller::deallocate_next(Request& request) {
    const u64 size = request.space->block_size();
    while (request.progress < request.total) {
        const Range range = range_at(request.buffer, request.progress);
        const u64 count = std::min(range.blocks - request.within, kMaxDiscard / size);
        if (count == 0) {
            ++request.progress;
            request.within = 0;
            continue;
        }
        request.block = {.kind = BlockRequest::Kind::discard,
                         .offset = (range.first + request.within) * size,
                         .length = count * size};
        request.within += count;
        return submit(request, &Controller::deallocate_next);
    }
    complete(request, Status::success);
}

void Controller::compare(Request& request) {
    if (const Status status = map_blocks(request); status != Status::success) {
        return complete(request, status);
    }
    ++statistics_.reads;
    statistics_.sectors_read += request.total / 512;
    request.progress = 0;
    request.within = 0;
    compare_next(request);
}

/// `within` bytes at `progress` have been read, and are compared.
void Controller::compare_next(Request& request) {
    if (request.within != 0) {
        std::vector<u8> expected(request.within);
        request.data.copy_in(request.progress, expected);
        if (!std::ranges::equal(expected, std::span(request.buffer).first(request.within))) {
            return complete(request, Status::compare_failure);
        }
        request.progress += request.within;
    }
    request.within = std::min(kCompareStep, request.total - request.progress);
    if (request.within == 0) {
        return complete(request, Status::success);
    }
    request.buffer.resize(request.within);
    request.piece = {request.buffer.data(), request.within};
    request.block = {.kind = BlockRequest::Kind::read,
                     .offset = request.command.first_block() * request.space->block_size() + request.progress,
                     .length = request.within,
                     .segments = {&request.piece, 1}};
    submit(request, &Controller::compare_next);
}

void Controller::submit(Request& request, void (Controller::*then)(Request&)) {
    request.then = then;
    request.block.context = &request;
    request.block.done = [](BlockRequest& block, int error) {
        auto& done = *static_cast<Request*>(block.context);
        Controller& controller = *done.controller;
        if (block.kind == BlockRequest::Kind::read) {
            // Also of one that failed, or that nobody waits for any more: some of it may have come.
            done.data.announce(controller.dma_);
        }
        if (!controller.running_) {
            controller.release(done);
        } else if (error != 0) {
            controller.complete(done, controller.host_status(block, error));
        } else {
            (controller.*done.then)(done);
        }
    };
    request.space->disk().submit(request.block);
}

void Controller::finished(Request& request) {
    complete(request, Status::success);
}

Status Controller::host_status(const BlockRequest& block, int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
            return Status::capacity_exceeded;
        case EROFS:
            return Status::namespace_write_protected;
        case EINVAL:
            return Status::lba_out_of_range;
        default:
            ++statistics_.media_errors;
            return block.kind == BlockRequest::Kind::read ? Status::unrecovered_read_error : Status::write_fault;
    }
}

}  // namespace kelvin::device::nvme
