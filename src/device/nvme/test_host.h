// SPDX-License-Identifier: Apache-2.0
// A host for tests of controllers: memory, queues, commands, interrupts.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "backend/block/test_disk.h"
#include "base/loop_thread.h"
#include "bus/pci/config_registers.h"
#include "device/nvme/nvme.h"
#include "memory/address_map.h"

namespace kelvin::device::nvme {

/// Drives one controller on PCI. Not for several threads.
class TestHost : private bus::pci::FunctionPort {
  public:
    static constexpr u64 kRam = 0x40000000;
    static constexpr u64 kRamSize = u64{4} << 20;
    static constexpr u64 kPage = 4096;

    explicit TestHost(const Nvme::Options& options = {}, bool with_disk = true) : disk(thread.loop) {
        auto block = memory::RamBlock::allocate(kRamSize);
        EXPECT_TRUE(block);
        EXPECT_TRUE(map.add_ram({kRam}, std::move(*block), "ram"));
        plug_in(options, with_disk);
    }
    /// A controller, where none is.
    void plug_in(Nvme::Options options, bool with_disk = true) {
        options.serial = "N1";
        thread.loop.call(
            [&] { nvme = std::make_unique<Nvme>(options, thread.loop, map, with_disk ? &disk : nullptr, "nvme0"); });
        nvme->set_port(this, true);
        nvme->write_config(bus::pci::reg::kCommand, 2,
                           bus::pci::reg::command::kMemory | bus::pci::reg::command::kBusMaster);
    }
    ~TestHost() override { unplug(); }
    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    void unplug() {
        if (nvme != nullptr) {
            nvme->set_port(nullptr, false);
            thread.loop.call([&] { nvme.reset(); });
        }
    }

    u64 read(u64 offset, unsigned size = 4) { return nvme->bar(0).handler->read(offset, size); }
    void write(u64 offset, u64 value, unsigned size = 4) { nvme->bar(0).handler->write(offset, size, value); }
    u32 status() { return static_cast<u32>(read(reg::kStatus)); }
    bool ready() { return (status() & csts::kReady) != 0; }

    template <class T>
    T load(u64 address) const {
        return map.slice({address}, sizeof(T))->template load_acquire<T>(0);
    }
    template <class T>
    void store(u64 address, T value) const {
        map.slice({address}, sizeof(T))->template store_release<T>(0, value);
    }
    std::vector<u8> bytes(u64 address, u64 size) const {
        std::vector<u8> out(size);
        EXPECT_TRUE(map.copy_in({address}, out));
        return out;
    }
    /// Pages that nothing else uses, until the controller is enabled anew.
    u64 allocate(u64 size = kPage) {
        const u64 address = next_;
        next_ += align_up(size, kPage);
        EXPECT_LE(next_, kRam + kRamSize);
        return address;
    }

    struct Entry {
        u8 opcode = 0;
        u8 flags = 0;
        u32 space = 1;
        u64 prp1 = 0;
        u64 prp2 = 0;
        std::array<u32, 6> words{};  // Command Dwords 10 to 15
    };
    struct Answer {
        Status status = Status::success;
        u32 result = 0;
        u16 command = 0;
        u16 head = 0;
    };
    struct Queue {
        u64 submissions = 0;
        u64 completions = 0;
        u32 size = 0;
        u32 tail = 0;
        u32 head = 0;
        bool phase = true;
    };

    /// The first eight; message n has data n.
    void enable_messages() {
        for (u16 vector = 0; vector < 8; ++vector) {
            memory::MmioHandler& table = *nvme->bar(4).handler;
            table.write(16 * u64{vector}, 4, 0x1000);
            table.write(16 * u64{vector} + 8, 4, vector);
            table.write(16 * u64{vector} + 12, 4, 0);
        }
        u32 at = nvme->read_config(bus::pci::reg::kCapabilities, 1);
        while (nvme->read_config(at, 1) != bus::pci::reg::capability::kMsix) {
            at = nvme->read_config(at + 1, 1);
        }
        nvme->write_config(at + 2, 2, 0x8000);
    }

    static constexpr u32 kEnable = 1 | kSubmissionEntryBits << 16 | kCompletionEntryBits << 20;
    void enable(u32 admin_size = 16) {
        write(reg::kConfiguration, 0);
        next_ = kRam;
        queues_.assign(8, {});
        queues_[0] = make_queue(admin_size);
        write(reg::kAdminQueueAttributes, (admin_size - 1) << 16 | (admin_size - 1));
        write(reg::kAdminSubmissionBase, queues_[0].submissions, 8);
        write(reg::kAdminCompletionBase, queues_[0].completions, 8);
        write(reg::kConfiguration, kEnable);
        EXPECT_TRUE(ready());
    }
    /// A pair of queues with this number, which interrupts by the vector of the same number.
    void create_pair(u16 id, u32 size = 16) {
        queues_.at(id) = make_queue(size);
        const Queue& made = queues_[id];
        EXPECT_EQ(
            run(0, {.opcode = 5, .prp1 = made.completions, .words = {(size - 1) << 16 | id, u32{id} << 16 | 3}}).status,
            Status::success);
        EXPECT_EQ(
            run(0, {.opcode = 1, .prp1 = made.submissions, .words = {(size - 1) << 16 | id, u32{id} << 16 | 1}}).status,
            Status::success);
    }

    /// Puts a command into a queue, and rings unless told not to; its identifier.
    u16 offer(u16 id, const Entry& entry, bool ring = true) {
        Queue& queue = queues_.at(id);
        const u64 at = queue.submissions + 64 * u64{queue.tail};
        const u16 command = next_command_++;
        store<u32>(at, entry.opcode | u32{entry.flags} << 8 | u32{command} << 16);
        store<u32>(at + 4, entry.space);
        store<u64>(at + 24, entry.prp1);
        store<u64>(at + 32, entry.prp2);
        for (std::size_t i = 0; i < entry.words.size(); ++i) {
            store<u32>(at + 40 + 4 * i, entry.words[i]);
        }
        queue.tail = (queue.tail + 1) % queue.size;
        if (ring) {
            write(reg::kDoorbells + 8 * u64{id}, queue.tail);
        }
        return command;
    }
    /// The next completion, if there is one; the controller is told unless it shall not be.
    std::optional<Answer> poll(u16 id, bool ring = true) {
        Queue& queue = queues_.at(id);
        const u64 at = queue.completions + 16 * u64{queue.head};
        const u64 high = load<u64>(at + 8);
        if ((high >> 48 & 1) != (queue.phase ? 1U : 0U)) {
            return std::nullopt;
        }
        if (++queue.head == queue.size) {
            queue.head = 0;
            queue.phase = !queue.phase;
        }
        const Answer answer{Status{static_cast<u16>(high >> 49)}, load<u32>(at), static_cast<u16>(high >> 32),
                            static_cast<u16>(high)};
        if (ring) {
            write(reg::kDoorbells + 8 * u64{id} + 4, queue.head);
        }
        return answer;
    }
    Answer wait(u16 id) {
        for (int tries = 0; tries < 5000; ++tries) {
            if (const auto answer = poll(id)) {
                return *answer;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(tries < 20 ? 0 : 1));
        }
        ADD_FAILURE() << "no completion";
        return {Status::internal_error, 0, 0xffff, 0};
    }
    Answer run(u16 id, const Entry& entry) {
        const u16 command = offer(id, entry);
        const Answer answer = wait(id);
        EXPECT_EQ(answer.command, command);
        return answer;
    }
    /// The data of an admin command that answers with a page.
    std::vector<u8> ask(Entry entry, u64 size = kPage) {
        entry.prp1 = allocate(size);
        EXPECT_EQ(run(0, entry).status, Status::success);
        return bytes(entry.prp1, size);
    }
    /// A read or write of `count` blocks of 512 bytes.
    static Entry blocks(Opcode opcode, u64 first, u32 count, u64 prp1 = 0, u64 prp2 = 0) {
        return {.opcode = static_cast<u8>(opcode),
                .prp1 = prp1,
                .prp2 = prp2,
                .words = {static_cast<u32>(first), static_cast<u32>(first >> 32), count - 1}};
    }
    /// Returns when the controller has looked at everything that was told before.
    void settle() {
        thread.loop.call([] {});
        thread.loop.call([] {});
    }
    Queue& queue(u16 id) { return queues_.at(id); }

    memory::AddressMap map;
    LoopThread thread;
    backend::TestDisk disk;
    std::unique_ptr<Nvme> nvme;
    std::atomic<bool> line = false;
    std::array<std::atomic<unsigned>, 8> messages{};

  private:
    void set_intx(bool level) override { line = level; }
    void send_msi(u64, u32 data) override { ++messages.at(data); }

    Queue make_queue(u32 size) {
        Queue made{.submissions = allocate(64 * u64{size}), .completions = allocate(16 * u64{size}), .size = size};
        const std::vector<u8> zeros(16 * u64{size});
        EXPECT_TRUE(map.copy_out({made.completions}, zeros));
        return made;
    }

    u64 next_ = kRam;
    u16 next_command_ = 1;
    std::vector<Queue> queues_;
};

}  // namespace kelvin::device::nvme
