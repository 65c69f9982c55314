// SPDX-License-Identifier: Apache-2.0
// What runs, and why it has stopped.
#include <algorithm>

#include <fmt/format.h>

#include "control/gdbstub/server.h"

namespace kelvin::gdbstub {

namespace {

// GDB's numbers of signals.
constexpr std::string_view kInterrupted = "T02", kTrapped = "T05";

/// The first byte that both the access and the watchpoint have.
u64 common_address(const accel::DebugEvent& event) {
    const bool begins_before = event.address - event.watched.address >= event.watched.size;
    return begins_before ? event.watched.address : event.address;
}

std::string describe(const accel::DebugEvent& event) {
    if (event.kind != accel::DebugEvent::Kind::watchpoint) {
        return "";
    }
    const accel::Watchpoint& point = event.watched;
    const std::string_view kind = !point.reads ? "watch" : !point.writes ? "rwatch" : "awatch";
    return fmt::format("{}:{:x};", kind, common_address(event));
}

}  // namespace

std::string Server::name_of(unsigned thread) const {
    return names_processes_ ? fmt::format("p01.{:02x}", thread + 1) : fmt::format("{:02x}", thread + 1);
}

/// "p1.2", "p1.-1", "p1", "2", "-1"; 0 is any one.
std::optional<std::set<unsigned>> Server::threads_of(std::string_view name) const {
    if (name.starts_with('p')) {
        name.remove_prefix(1);
        const std::string_view process = take_until(name, '.');
        if (process != "-1" && parse_hex(process).value_or(2) > 1) {
            return std::nullopt;
        }
        if (name.empty()) {
            return std::set<unsigned>{};
        }
    }
    if (name == "-1") {
        return std::set<unsigned>{};
    }
    const auto number = parse_hex(name);
    if (!number || *number > target_.thread_count()) {
        return std::nullopt;
    }
    return std::set<unsigned>{*number == 0 ? chosen_ : static_cast<unsigned>(*number - 1)};
}

void Server::report_stop(std::string text, unsigned thread) {
    chosen_ = chosen_to_run_ = thread;
    awaits_stop_ = false;
    reply(fmt::format("{}thread:{};", text, name_of(thread)));
}

void Server::cpu_stopped(unsigned thread, const accel::DebugEvent& event) {
    if (awaits_stop_) {
        report_stop(std::string(kTrapped) + describe(event), thread);
    }
}

void Server::machine_paused() {
    if (awaits_stop_) {
        report_stop(std::string(kInterrupted), chosen_);
    }
}

void Server::machine_ended() {
    reply("W00");
    over_ = true;
}

void Server::tell_stop(std::string_view) {
    reply(fmt::format("{}thread:{};", kTrapped, name_of(chosen_)));
}

void Server::resume(std::span<const Action> actions) {
    awaits_stop_ = true;
    target_.resume(points(), actions, step_interrupts_);
}

/// An address that execution goes on at is empty where it goes on where it is.
bool Server::move_to(std::string_view address) {
    if (address.empty()) {
        return true;
    }
    const auto value = parse_hex(address);
    if (!value) {
        reply_error();
        return false;
    }
    target_.set_pc(chosen_to_run_, *value);
    return true;
}

void Server::continue_all(std::string_view rest) {
    if (move_to(rest)) {
        resume(std::vector<Action>(target_.thread_count(), {.run = true}));
    }
}

/// The guest has no signals: the one is dropped.
void Server::continue_with_signal(std::string_view rest) {
    take_until(rest, ';');
    continue_all(rest);
}

void Server::step_one(std::string_view rest) {
    if (move_to(rest)) {
        std::vector<Action> actions(target_.thread_count());
        actions[chosen_to_run_] = {.run = true, .step = true};
        resume(actions);
    }
}

void Server::step_with_signal(std::string_view rest) {
    take_until(rest, ';');
    step_one(rest);
}

void Server::list_actions(std::string_view) {
    reply("vCont;c;C;s;S");
}

/// Each thread does what the first action says that names it; one that none names stands still.
void Server::act(std::string_view rest) {
    std::vector<Action> actions(target_.thread_count());
    std::vector<bool> told(actions.size());
    while (!rest.empty()) {
        std::string_view name = take_until(rest, ';');
        const std::string_view action = take_until(name, ':');
        const char kind = action.empty() ? ' ' : action[0];
        const bool step = kind == 's' || kind == 'S';
        const auto threads = threads_of(name.empty() ? "-1" : name);
        if ((!step && kind != 'c' && kind != 'C') || !threads) {
            return reply_error();
        }
        for (unsigned thread = 0; thread < actions.size(); thread++) {
            if (!told[thread] && (threads->empty() || threads->contains(thread))) {
                actions[thread] = {.run = true, .step = step};
                told[thread] = true;
            }
        }
    }
    if (std::ranges::find(told, true) == told.end()) {
        return reply_error();
    }
    resume(actions);
}

void Server::choose_thread(std::string_view rest) {
    const char purpose = rest.empty() ? ' ' : rest[0];
    const auto threads = rest.empty() ? std::nullopt : threads_of(rest.substr(1));
    if (!threads || (purpose != 'g' && purpose != 'c')) {
        return reply_error();
    }
    if (!threads->empty()) {
        (purpose == 'g' ? chosen_ : chosen_to_run_) = *threads->begin();
    }
    reply_ok();
}

void Server::test_thread(std::string_view rest) {
    threads_of(rest) ? reply_ok() : reply_error();
}

/// Who has let go of the machine does not hold its breakpoints either.
void Server::detach(std::string_view) {
    reply_ok();
    points_.clear();
    over_ = true;
    if (!target_.is_running()) {
        target_.resume({}, std::vector<Action>(target_.thread_count(), {.run = true}), false);
    }
}

void Server::kill(std::string_view) {
    over_ = true;
    target_.kill();
}

void Server::kill_and_say_so(std::string_view) {
    reply_ok();
    kill("");
}

}  // namespace kelvin::gdbstub
