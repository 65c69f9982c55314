// SPDX-License-Identifier: Apache-2.0
#include "backend/net/cable.h"

#include <gtest/gtest.h>

#include "backend/net/test_guest.h"

namespace kelvin::backend {
namespace {

struct Wall final : NetworkPort {
    void set_receiver(NetworkReceiver* to) override { receiver = to; }
    void send(std::span<const iovec>, const FrameOffload&) override { ++sent; }
    void ready() override { ++readies; }
    bool takes_offloads() const override { return true; }
    bool link_up() const override { return up; }
    unsigned queue_count() const override { return second != nullptr ? 2 : 1; }
    NetworkPort& queue(unsigned index) override { return index == 0 ? *this : *second; }

    Wall* second = nullptr;
    NetworkReceiver* receiver = nullptr;
    int sent = 0;
    int readies = 0;
    bool up = true;
};

struct Card final : NetworkReceiver {
    bool receive(std::span<const iovec>, const FrameOffload&) override { return ++received != 3; }
    void link_changed(bool up) override { link = up; }
    int received = 0;
    bool link = true;
};

TEST(Cable, LosesFramesWhilePulled) {
    Wall second;
    Wall wall;
    wall.second = &second;
    Cable cable(wall);
    Card card;
    Card other;
    EXPECT_EQ(cable.queue_count(), 2U);
    EXPECT_EQ(&cable.queue(0), &cable);
    cable.set_receiver(&card);
    cable.queue(1).set_receiver(&other);
    EXPECT_TRUE(wall.receiver->receive({}, {}));
    cable.send({}, {});
    cable.queue(1).send({}, {});
    EXPECT_EQ(wall.sent, 1);
    EXPECT_EQ(second.sent, 1);

    cable.set_plugged(false);
    EXPECT_FALSE(card.link);
    EXPECT_FALSE(other.link);
    EXPECT_FALSE(cable.link_up());
    cable.send({}, {});
    cable.queue(1).send({}, {});
    EXPECT_TRUE(wall.receiver->receive({}, {}));
    EXPECT_TRUE(second.receiver->receive({}, {}));
    EXPECT_EQ(wall.sent, 1);
    EXPECT_EQ(second.sent, 1);
    EXPECT_EQ(card.received, 1);
    EXPECT_EQ(other.received, 0);

    wall.up = false;
    cable.set_plugged(true);
    EXPECT_FALSE(card.link);
    wall.up = true;
    wall.receiver->link_changed(true);
    EXPECT_TRUE(card.link);
    EXPECT_TRUE(wall.receiver->receive({}, {}));
    EXPECT_FALSE(wall.receiver->receive({}, {}));  // the third finds no room
    cable.ready();
    EXPECT_EQ(wall.readies, 1);
    cable.set_receiver(nullptr);
    EXPECT_EQ(wall.receiver, nullptr);
}

}  // namespace
}  // namespace kelvin::backend
