// SPDX-License-Identifier: Apache-2.0
// One conversation with a debugger: GDB's remote serial protocol ("Debugging with GDB", appendix E), with QEMU's
// additions. Bytes in, bytes out; it knows no sockets.
//
// All CPUs stop together and are looked at while they stand still: a packet that arrives while the machine runs stops
// it. Owner thread: the event loop's.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/gdbstub/packet.h"
#include "control/gdbstub/target.h"

namespace kelvin::gdbstub {

class Server {
  public:
    using Send = std::function<void(std::string_view bytes)>;

    /// `target` outlives it.
    Server(Target& target, Send send) : target_(target), send_(std::move(send)) {}

    void receive(std::span<const u8> bytes);
    /// The debugger has said that it leaves (or ends the machine): nothing more is to be received from it.
    bool is_over() const { return over_; }

    /// The machine has come to stand still: a CPU by itself, or for others' reasons.
    void cpu_stopped(unsigned thread, const accel::DebugEvent& event);
    void machine_paused();
    /// The machine ends.
    void machine_ended();

  private:
    /// What follows a packet's name.
    using Handler = void (Server::*)(std::string_view rest);
    struct Command;
    struct Query;

    void take(const Incoming& incoming);
    void dispatch(std::string_view payload);
    bool dispatch_query(std::string_view payload);
    void reply(std::string_view payload);
    void reply_ok() { reply("OK"); }
    void reply_error();

    // server_data.cpp: registers, memory, points.
    void read_registers(std::string_view rest);
    void write_registers(std::string_view rest);
    void read_register(std::string_view rest);
    void write_register(std::string_view rest);
    void read_memory(std::string_view rest);
    void write_memory(std::string_view rest);
    void write_binary_memory(std::string_view rest);
    void write_bytes(std::string_view place, std::span<const u8> bytes);
    void insert_point(std::string_view rest);
    void remove_point(std::string_view rest);

    // server_running.cpp: what runs, and why it has stopped.
    void tell_stop(std::string_view rest);
    void continue_all(std::string_view rest);
    void continue_with_signal(std::string_view rest);
    void step_one(std::string_view rest);
    void step_with_signal(std::string_view rest);
    void choose_thread(std::string_view rest);
    void test_thread(std::string_view rest);
    void detach(std::string_view rest);
    void kill(std::string_view rest);
    void kill_and_say_so(std::string_view rest);
    void list_actions(std::string_view rest);
    void act(std::string_view rest);
    bool move_to(std::string_view address);
    void resume(std::span<const Action> actions);
    void report_stop(std::string text, unsigned thread);

    // server_queries.cpp
    void tell_supported(std::string_view rest);
    void stop_acknowledging(std::string_view rest);
    void transfer_description(std::string_view rest);
    void first_threads(std::string_view rest);
    void further_threads(std::string_view rest);
    void tell_current_thread(std::string_view rest);
    void describe_thread(std::string_view rest);
    void tell_attached(std::string_view rest);
    void execute(std::string_view rest);
    void tell_physical(std::string_view rest);
    void set_physical(std::string_view rest);
    void tell_step_bits(std::string_view rest);
    void tell_step(std::string_view rest);
    void set_step(std::string_view rest);
    void tell_extensions(std::string_view rest);

    /// Threads as the protocol names them. Nothing: it is no name, or of no thread. An empty set: all of them.
    std::optional<std::set<unsigned>> threads_of(std::string_view name) const;
    std::string name_of(unsigned thread) const;
    accel::DebugPoints points() const;

    /// Breakpoints and watchpoints as the debugger asked for them.
    struct Point {
        char type;  ///< 0 and 1 break, 2 watches writes, 3 reads, 4 both
        u64 address;
        u64 size;
        auto operator<=>(const Point&) const = default;
    };
    static std::optional<Point> parse_point(std::string_view rest);

    Target& target_;
    const Send send_;
    PacketReader reader_;
    std::string last_sent_;
    bool acknowledging_ = true;
    bool names_processes_ = false;  ///< "multiprocess": threads are p1.N
    bool awaits_stop_ = false;      ///< the reply to what lets the machine go on is due
    bool over_ = false;
    bool physical_ = false;
    bool step_interrupts_ = false;
    unsigned chosen_ = 0;         ///< thread of registers and memory
    unsigned chosen_to_run_ = 0;  ///< thread of old-style steps
    std::set<Point> points_;
};

/// A whole number in hexadecimal, and nothing behind it.
std::optional<u64> parse_hex(std::string_view text);
/// What is before `separator`, which is removed with it from `text`; all of `text` if there is none.
std::string_view take_until(std::string_view& text, char separator);

}  // namespace kelvin::gdbstub
