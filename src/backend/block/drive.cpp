// SPDX-License-Identifier: Apache-2.0
#include "backend/block/drive.h"

#include <ctime>

#include "base/assert.h"
#include "base/bits.h"

namespace kelvin::block {

using backend::BlockRequest;
using backend::ErrorAction;
using Kind = BlockRequest::Kind;

namespace {

u64 now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

}  // namespace

/// A request in flight. They are kept and used again, so that none is allocated once as many are there as ever flew.
struct Drive::Flight : IoOperation {
    explicit Flight(Drive& owner) : drive(owner) {}
    Drive& drive;
    BlockRequest* request = nullptr;
    DirectRequest direct;
    int error = 0;
    bool refused = false;
    u64 begun_ns = 0;
};

Drive::Drive(IoContext& io, std::shared_ptr<BlockNode> node, DriveOptions options)
    : io_(io), node_(std::move(node)), options_(std::move(options)) {
    read_limits();
    read_size();
}

void Drive::replace_node(std::shared_ptr<BlockNode> node, bool discard, DetectZeroes detect_zeroes) {
    KELVIN_ASSERT(in_flight_ == 0);
    node_ = std::move(node);
    options_.discard = discard;
    options_.detect_zeroes = detect_zeroes;
    read_limits();
    read_size();
}

void Drive::set_medium(std::shared_ptr<BlockNode> node) {
    options_.read_only = true;
    replace_node(std::move(node), options_.discard, options_.detect_zeroes);
    if (tray_ != nullptr) {
        tray_->medium_changed();
    }
}

void Drive::set_tray_handler(void (*handler)(void* context, bool open), void* context) {
    tray_handler_ = handler;
    tray_context_ = context;
}

void Drive::tray_moved(bool open) {
    if (tray_handler_ != nullptr) {
        tray_handler_(tray_context_, open);
    }
}

void Drive::read_limits() {
    limits_ = {};
    if (node_ != nullptr) {
        node_->describe(limits_);
    }
    limits_.write_cache = !options_.write_through;
    limits_.discards = limits_.discards && options_.discard;
}

Drive::~Drive() {
    KELVIN_ASSERT(in_flight_ == 0 && held_.empty());
}

/// Guests count in sectors of 512 bytes: what is missing of the last one reads as zeroes.
void Drive::read_size() {
    size_ = node_ != nullptr ? align_up(node_->size(), 512) : 0;
}

Drive::Flight& Drive::take_flight(BlockRequest& request) {
    if (idle_.empty()) {
        flights_.push_back(std::make_unique<Flight>(*this));
        idle_.push_back(flights_.back().get());
    }
    Flight& flight = *idle_.back();
    idle_.pop_back();
    flight.request = &request;
    ++in_flight_;
    return flight;
}

int Drive::refusal(const BlockRequest& request) const {
    if (node_ == nullptr) {
        return ENOMEDIUM;
    }
    if (request.kind != Kind::read && request.kind != Kind::flush && read_only()) {
        return EROFS;
    }
    if (request.kind != Kind::flush && (request.offset > size_ || request.length > size_ - request.offset)) {
        return EINVAL;
    }
    return 0;
}

void Drive::submit(BlockRequest& request) {
    launch(take_flight(request));
}

void Drive::launch(Flight& flight) {
    flight.begun_ns = now_ns();
    flight.error = refusal(*flight.request);
    flight.refused = flight.error != 0;
    submitting_ = true;
    if (flight.error != 0) {
        io_.later(&Drive::finish_later, &flight);
    } else if (!fly_direct(flight)) {
        fly(flight);
    }
    submitting_ = false;
}

/// Hands the request to the host as it is, if it can be: without a coroutine, an allocation or a copy.
bool Drive::fly_direct(Flight& flight) {
    const BlockRequest& request = *flight.request;
    const bool is_write = request.kind == Kind::write;
    const bool plain =
        request.kind == Kind::read || (is_write && !request.force_unit_access && !options_.write_through &&
                                       options_.detect_zeroes == DetectZeroes::off);
    if (!plain || request.length == 0 || request.segments.size() > kMaxSegments || request.length > u64{INT32_MAX} ||
        (node_->memory_alignment() > 1 && !Buffers(request.segments).is_aligned(node_->memory_alignment())) ||
        !node_->begin_direct(request.offset, request.length, is_write, flight.direct)) {
        return false;
    }
    flight.kind = is_write ? IoOperation::Kind::write : IoOperation::Kind::read;
    flight.fd = flight.direct.fd;
    flight.engine = flight.direct.engine;
    flight.offset = flight.direct.offset;
    flight.segments = request.segments.data();
    flight.segment_count = static_cast<unsigned>(request.segments.size());
    flight.done = &Drive::direct_done;
    io_.start(flight);
    return true;
}

void Drive::direct_done(IoOperation& operation) {
    auto& flight = static_cast<Flight&>(operation);
    Drive& drive = flight.drive;
    drive.node_->end_direct(flight.direct);
    if (operation.result == static_cast<i64>(flight.request->length)) {
        drive.finish(flight, 0);
    } else {
        drive.fly(flight);  // cut short, or an error: the long way says why
    }
}

Detached Drive::fly(Flight& flight) {
    const int error = co_await perform(*flight.request);
    if (submitting_) {
        flight.error = error;
        io_.later(&Drive::finish_later, &flight);
    } else {
        finish(flight, error);
    }
}

Task<int> Drive::perform(BlockRequest& request) {
    switch (request.kind) {
        case Kind::read:
            co_return co_await node_->read(request.offset, Buffers(request.segments, 0, request.length));
        case Kind::write:
        case Kind::write_zeroes: {
            int error = co_await perform_write(request);
            if (error == 0 && (request.force_unit_access || options_.write_through)) {
                error = co_await node_->flush();
            }
            co_return error;
        }
        case Kind::discard:
            if (!limits_.discards) {
                co_return 0;
            }
            co_return co_await node_->discard(request.offset, request.length);
        case Kind::flush:
            co_return co_await node_->flush();
    }
    co_return EINVAL;
}

Task<int> Drive::perform_write(BlockRequest& request) {
    if (request.kind == Kind::write_zeroes) {
        co_return co_await node_->write_zeroes(request.offset, request.length, request.may_unmap && limits_.discards);
    }
    const Buffers buffers(request.segments, 0, request.length);
    if (options_.detect_zeroes != DetectZeroes::off && buffers.is_zero()) {
        const bool unmap = options_.detect_zeroes == DetectZeroes::unmap && limits_.discards;
        co_return co_await node_->write_zeroes(request.offset, request.length, unmap);
    }
    co_return co_await node_->write(request.offset, buffers);
}

void Drive::finish_later(void* context) {
    auto& flight = *static_cast<Flight*>(context);
    flight.drive.finish(flight, flight.error);
}

void Drive::finish(Flight& flight, int error) {
    if (error == 0 || flight.refused) {
        return complete(flight, error);
    }
    switch (settle_failure(flight, error)) {
        case ErrorAction::stop:
            flight.error = error;
            held_.push_back(&flight);
            --in_flight_;
            return;
        case ErrorAction::ignore:
            return complete(flight, 0);
        case ErrorAction::report:
            return complete(flight, error);
    }
}

/// What is done about it, which those who want to know have been told.
ErrorAction Drive::settle_failure(const Flight& flight, int error) {
    if (failure_handler_ == nullptr) {
        return ErrorAction::report;
    }
    const bool is_read = flight.request->kind == Kind::read;
    ErrorAction action = policy_.action(is_read, error);
    if (action == ErrorAction::stop && draining_) {
        action = ErrorAction::report;
    }
    if (action == ErrorAction::stop && held_error_ == 0) {
        held_error_ = error;
    }
    failure_handler_(failure_context_, {is_read, error, action});
    return action;
}

void Drive::complete(Flight& flight, int error) {
    BlockRequest& request = *flight.request;
    count(flight, error);
    flight.request = nullptr;
    idle_.push_back(&flight);
    --in_flight_;
    request.done(request, error);
}

void Drive::count(const Flight& flight, int error) {
    const Kind kind = flight.request->kind;
    Statistics::Counters& counters = kind == Kind::read      ? statistics_.reads
                                     : kind == Kind::flush   ? statistics_.flushes
                                     : kind == Kind::discard ? statistics_.discards
                                                             : statistics_.writes;
    statistics_.last_ns = now_ns();
    if (error != 0) {
        ++(flight.refused ? counters.invalid : counters.failed);
        return;
    }
    ++counters.operations;
    counters.bytes += kind == Kind::flush ? 0 : flight.request->length;
    counters.time_ns += statistics_.last_ns - flight.begun_ns;
}

void Drive::drain() {
    const bool outermost = !std::exchange(draining_, true);
    for (Flight* const flight : std::exchange(held_, {})) {
        ++in_flight_;
        complete(*flight, flight->error);
    }
    settle();
    draining_ = !outermost;
}

void Drive::settle() {
    while (in_flight_ != 0) {
        io_.turn(true);
    }
}

void Drive::set_failure_handler(void (*handler)(void* context, const Failure& failure), void* context) {
    failure_handler_ = handler;
    failure_context_ = context;
}

void Drive::retry_held() {
    held_error_ = 0;
    const backend::BlockBatch batch(*this);
    for (Flight* const flight : std::exchange(held_, {})) {
        ++in_flight_;
        launch(*flight);
    }
}

void Drive::set_size_handler(void (*handler)(void* context), void* context) {
    size_handler_ = handler;
    size_context_ = context;
}

Result<> Drive::resize(u64 size) {
    if (node_ == nullptr) {
        return user_error(options_.name + " has no medium whose size could be changed");
    }
    settle();
    if (const int error = io_.run(node_->resize(size)); error != 0) {
        return host_error("the size of " + options_.name + " cannot be changed", error);
    }
    read_size();
    if (size_handler_ != nullptr) {
        size_handler_(size_context_);
    }
    return ok();
}

}  // namespace kelvin::block
