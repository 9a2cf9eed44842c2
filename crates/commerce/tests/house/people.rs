//! Who takes part: visitors, members and staff, each with a session, as a request would find them.

use std::sync::atomic::Ordering;

use commerce::{Scope, sessions};
use domain::{StoreId, orders::Channel, staff::Role};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::world::World;

/// Where a role reaches.
#[derive(Clone, Copy)]
pub enum Reach {
    Everywhere,
    Region(&'static str),
    Merchant(Uuid),
    Store(StoreId),
}

impl World {
    /// The scope of whoever bears a token.
    pub async fn bearer(&self, token: Option<&str>, channel: Channel) -> Scope {
        let (id, address, agent) = ("request-1".into(), "127.0.0.1".into(), "Firefox/140.0 (Windows)".into());
        let request = sessions::Request { channel, now: self.now, id, address, agent };
        sessions::identify(&self.house, token, request).await.unwrap()
    }

    /// A visitor who has a cart.
    pub async fn visitor(&self) -> Scope {
        sessions::welcome(&self.bearer(None, Channel::Shop).await).await.unwrap().1
    }

    /// A member who is logged in.
    pub async fn member(&self) -> Scope {
        let (id, cart) = (Uuid::now_v7(), Uuid::now_v7());
        let phone = format!("138{:08}", self.people.fetch_add(1, Ordering::Relaxed));
        sqlx::query(
            "with cart as (insert into carts (id) values ($2))
             insert into members (id, phone, name, cart_id, joined_at) values ($1, $3, '会员', $2, $4)",
        )
        .bind(id)
        .bind(cart)
        .bind(phone)
        .bind(self.now)
        .execute(&self.owner)
        .await
        .unwrap();
        self.log_in(Some(id), None, Channel::Shop).await
    }

    pub async fn members(&self, many: usize) -> Vec<Scope> {
        let mut members = Vec::new();
        for _ in 0..many {
            members.push(self.member().await);
        }
        members
    }

    /// A person of staff with one grant, who is logged in.
    pub async fn staff(&self, name: &str, role: Role, reach: Reach) -> Scope {
        let id = Uuid::now_v7();
        let (region, merchant, store) = match reach {
            Reach::Everywhere => (None, None, None),
            Reach::Region(code) => (Some(code), None, None),
            Reach::Merchant(id) => (None, Some(id), None),
            Reach::Store(store) => (None, None, Some(store.0)),
        };
        sqlx::query("insert into staff (id, account, name, password_hash) values ($1, $1::text, $2, 'none')")
            .bind(id)
            .bind(name)
            .execute(&self.owner)
            .await
            .unwrap();
        sqlx::query(
            "insert into grants (id, staff_id, role, region_code, merchant_id, store_id, everywhere)
             values ($1, $2, $3, $4, $5, $6, num_nonnulls($4::text, $5::uuid, $6::uuid) = 0)",
        )
        .bind(Uuid::now_v7())
        .bind(id)
        .bind(role.code())
        .bind(region)
        .bind(merchant)
        .bind(store)
        .execute(&self.owner)
        .await
        .unwrap();
        self.log_in(None, Some(id), Channel::Console).await
    }

    /// The same person of staff in their next request, with what they may do by now.
    pub async fn again(&self, person: &Scope) -> Scope {
        self.log_in(None, Some(person.staff().unwrap().id.0), Channel::Console).await
    }

    /// The same member in a further session, at the server that is the world's by now.
    pub async fn same_member(&self, member: &Scope) -> Scope {
        self.log_in(Some(member.member().unwrap().0), None, Channel::Shop).await
    }

    async fn log_in(&self, member: Option<Uuid>, staff: Option<Uuid>, channel: Channel) -> Scope {
        let token = format!("{:064x}", Uuid::new_v4().as_u128());
        sqlx::query(
            "insert into sessions (token_hash, member_id, staff_id, created_at, seen_at, expires_at)
             values ($1, $2, $3, $4, $4, $4::timestamptz + interval '12 hours')",
        )
        .bind(Sha256::digest(token.as_bytes()).to_vec())
        .bind(member)
        .bind(staff)
        .bind(self.now)
        .execute(&self.owner)
        .await
        .unwrap();
        self.bearer(Some(&token), channel).await
    }
}
