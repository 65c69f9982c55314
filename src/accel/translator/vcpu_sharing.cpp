// SPDX-License-Identifier: Apache-2.0
// A vCPU among others: what they ask of each other, and waiting.
#include <algorithm>
#include <chrono>

#include "accel/translator/back_off.h"
#include "accel/translator/host_access.h"
#include "accel/translator/vcpu.h"

namespace kelvin::translator {

namespace {

using std::chrono::nanoseconds;

constexpr i64 kNever = ThreadTimers::kNever;

}  // namespace

void TranslatorVcpu::enter_guest() {
    inbox_.enter();
    apply_requests();
}

void TranslatorVcpu::leave_guest() {
    runner_.leave();
    inbox_.leave();
}

void TranslatorVcpu::ask(const Request& request) {
    if (inbox_.post(request)) {
        __atomic_store_n(&runtime().kick, 1, __ATOMIC_SEQ_CST);
    }
}

void TranslatorVcpu::apply_requests() {
    if (inbox_.is_empty()) {
        return;
    }
    inbox_.drain([this](const Request& request) {
        switch (request.kind) {
            case Request::Kind::flush_all:
                return spaces_.flush_all();
            case Request::Kind::flush_asid:
                return spaces_.flush_asid(*request.asid);
            case Request::Kind::flush_range:
                return spaces_.flush_range(request.start, request.size, request.asid);
            case Request::Kind::revoke_writes:
                spaces_.revoke_writes(request.host);
                return request.was_inside ? translator_.recheck_page(request.start) : void();
            case Request::Kind::everything:
                spaces_.flush_all();
                return request.was_inside ? translator_.recheck_all_pages() : void();
        }
    });
}

void TranslatorVcpu::flush_elsewhere(bool everywhere, const Request& request) {
    if (everywhere && translator_.is_shared()) {
        translator_.broadcast(*this, request);
        flushes_sent_ = true;
    }
}

void TranslatorVcpu::tlb_flush_all(bool everywhere) {
    counters_.flushes_all.add();
    spaces_.flush_all();
    flush_elsewhere(everywhere, {.kind = Request::Kind::flush_all});
}

void TranslatorVcpu::tlb_flush_asid(u16 asid, bool everywhere) {
    counters_.flushes_asid.add();
    spaces_.flush_asid(asid);
    flush_elsewhere(everywhere, {.kind = Request::Kind::flush_asid, .asid = asid});
}

void TranslatorVcpu::tlb_flush_pages(Gva address, u64 page_size, u64 count, std::optional<u16> asid, bool everywhere) {
    counters_.flushes_pages.add();
    const Request request{
        .kind = Request::Kind::flush_range, .asid = asid, .start = address.value, .size = page_size * count};
    spaces_.flush_range(request.start, request.size, asid);
    flush_elsewhere(everywhere, request);
}

void TranslatorVcpu::complete_flushes() {
    // Its own stores to what has become code count too: with CTR_EL0.DIC this barrier is all that makes them seen.
    apply_requests();
    if (flushes_sent_) {
        flushes_sent_ = false;
        translator_.await_broadcasts(*this);
    }
}

void TranslatorVcpu::begin_wait(bool event, i64 deadline_ns) {
    waiting_ = true;
    awaits_event_ = event;
    wait_deadline_ = deadline_ns;
    __atomic_store_n(&runtime().kick, 1, __ATOMIC_SEQ_CST);
}

void TranslatorVcpu::wait() {
    if (instructions_ != nullptr) {
        wait_metered();
    } else if (awaits_event_ && runtime().exclusive_address != ~u64{0}) {
        watch_monitored();
    } else {
        sleep();
    }
    if (!waiting_ && awaits_event_) {
        cpu_.take_event();
    }
}

/// Until it is woken or its own timers are due: those wake it here without another thread in between.
void TranslatorVcpu::sleep() {
    const auto ready = [&] { return woken() || stop_.load() || (timers_ != nullptr && timers_->rung()); };
    const bool ends = clock_ != nullptr && wait_deadline_ != kNever;
    if (timers_ != nullptr) {
        timers_->begin_sleep();
    }
    sleeper_.await(ready, ends ? nanoseconds(wait_deadline_ - clock_->now_ns()) : Sleeper::kForever);
    if (timers_ != nullptr) {
        timers_->end_sleep();
    }
    waiting_ = !woken() && !(ends && clock_->now_ns() >= wait_deadline_);
}

/// WFE with the local monitor open: that another processor stores to what is monitored is an event (ARM ARM B2.12.2).
/// Nobody tells us of it, so we look: first all the time, then more and more seldom. The wait ends after a while in any
/// case, as it may always, for a store of what was there already is an event too.
void TranslatorVcpu::watch_monitored() {
    constexpr auto kLongest = std::chrono::milliseconds(1);
    constexpr unsigned kBusyTurns = 350;
    const u8* const place = find_monitored();
    const unsigned size = 1u << runtime().exclusive_size;
    const auto done = [&] {
        const bool due = timers_ != nullptr && timers_->rung();
        if (due || cpu_.interrupt_pending() || cpu_.event_pending() || stop_.load() || place == nullptr) {
            return true;
        }
        const V128 now = host::load(size, place);
        return now.d[0] != runtime().exclusive_value.d[0] || (size == 16 && now.d[1] != runtime().exclusive_value.d[1]);
    };
    const auto begun = std::chrono::steady_clock::now();
    nanoseconds longest = kLongest;
    if (clock_ != nullptr && wait_deadline_ != kNever) {
        longest = std::min<nanoseconds>(longest, nanoseconds(wait_deadline_ - clock_->now_ns()));
    }
    auto nap = std::chrono::microseconds(20);
    for (unsigned turns = 0; !done(); turns++) {
        if (turns < kBusyTurns) {
            back_off(turns);
            continue;
        }
        if (std::chrono::steady_clock::now() - begun >= longest) {
            break;
        }
        if (sleeper_.await(done, nap)) {
            break;
        }
        nap *= 2;
    }
    waiting_ = stop_.load() && !cpu_.interrupt_pending() && !cpu_.event_pending();
}

/// Where the monitored bytes are; null if they are no more where they were.
const u8* TranslatorVcpu::find_monitored() {
    arm64::AccessType type;
    type.el = state().el();
    type.pan = (state().pstate & arm64::pstate::kPan) != 0;
    const Gva address{runtime().exclusive_address};
    const arm64::TranslationResult result = arm64::translate(spaces_.regime(cpu_), translator_.memory(), address, type);
    if (result.faulted()) {
        return nullptr;
    }
    const Gpa physical = result.translation().physical;
    const memory::PageBacking page = translator_.memory().find_page(physical);
    return page.host == nullptr ? nullptr : page.host + (physical.value & 4095);
}

void TranslatorVcpu::receive_event() {
    cpu_.set_event();
    sleeper_.wake();
}

void TranslatorVcpu::send_event() {
    translator_.send_event();
}

void TranslatorVcpu::kick() {
    if (instructions_ != nullptr) {
        instructions_->stop();
    }
    sleeper_.ring();
}

void TranslatorVcpu::request_stop() {
    stop_.store(true);
    kick();
}

}  // namespace kelvin::translator
