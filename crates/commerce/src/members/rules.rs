//! What becomes of each column that names a member where two accounts merge, where a member takes all about
//! themselves home, and where an account is erased. `tests/house/member_rules.rs` fails for a column without a rule,
//! and holds each to its word.

/// The rule of one column.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The table.
    pub table: &'static str,
    /// The column that names a member, or what is theirs alone.
    pub column: &'static str,
    /// Where two accounts become one.
    pub merging: Merging,
    /// In the file with everything about a member.
    pub exporting: Exporting,
    /// Where an account is erased.
    pub erasing: Erasing,
}

/// What becomes of an absorbed account's rows. In statements, `$1` is the account that is kept, `$2` the absorbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merging {
    /// They are the kept account's from then on.
    Move(&'static str),
    /// They go.
    End(&'static str),
    /// They stay and name the absorbed account, whose row says by whom it was absorbed. For the reason given.
    Stay(&'static str),
    /// Done by `merge` itself, as the text says.
    Own(&'static str),
}

/// Where a member finds them again. In statements, `$1` is the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exporting {
    /// Under this key, what the statement answers as one JSON value.
    Under(&'static str, &'static str),
    /// Within what stands under this key.
    Within(&'static str),
    /// Nowhere, for the reason given.
    Not(&'static str),
}

/// What becomes of the rows of a member who goes. In statements, `$1` is the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasing {
    /// They go.
    Remove(&'static str),
    /// They stay, without what people wrote.
    Blank(&'static str),
    /// They stay, since they tell nothing about a person: for the reason given.
    Stay(&'static str),
    /// Done by `erase` itself, as the text says.
    Own(&'static str),
}

use Erasing::{Blank, Remove, Stay};
use Exporting::{Not, Under, Within};
use Merging::{End, Move, Own};

/// What is under this key in a member's file.
const ORDERS: &str = "订单";
/// What is under this key in a member's file.
const AFTER_SALES: &str = "售后";
const APPEND_ONLY: &str = "历史只增不改";
const MOMENTARY: &str = "几分钟后自动作废";

/// All rules, in the order in which they are applied.
pub const RULES: &[Rule] = &[
    Rule {
        table: "members",
        column: "id",
        merging: Own("the number goes, or over to the kept account; the row says by whom it was absorbed"),
        exporting: Under(
            "会员",
            "select jsonb_build_object('会员编号', id, '手机号', phone, '昵称', name, '加入时间', joined_at,
                    '已设置登录密码', password_hash is not null) from members where id = $1",
        ),
        erasing: Erasing::Own("number, name and password go; the row stays and says when"),
    },
    Rule {
        table: "members",
        column: "merged_into",
        merging: Move("update members set merged_into = $1 where merged_into = $2"),
        exporting: Under(
            "合并进来的账号",
            "select coalesce(jsonb_agg(jsonb_build_object('会员编号', id, '加入时间', joined_at, '合并时间', merged_at)
                    order by merged_at), '[]') from members where merged_into = $1",
        ),
        erasing: Stay("合并时已不含个人信息"),
    },
    Rule {
        table: "sessions",
        column: "member_id",
        merging: End("delete from sessions where member_id = $2"),
        exporting: Under(
            "登录的设备",
            "select coalesce(jsonb_agg(jsonb_build_object('设备', agent, '网络地址', address, '登录时间', created_at,
                    '最近使用', seen_at, '到期时间', expires_at) order by created_at), '[]')
             from sessions where member_id = $1",
        ),
        erasing: Remove("delete from sessions where member_id = $1"),
    },
    Rule {
        table: "member_devices",
        column: "member_id",
        merging: End("delete from member_devices where member_id = $2"),
        exporting: Under(
            "记住的设备",
            "select coalesce(jsonb_agg(jsonb_build_object('首次登录', made_at, '最近登录', used_at) order by made_at), '[]')
             from member_devices where member_id = $1",
        ),
        erasing: Remove("delete from member_devices where member_id = $1"),
    },
    Rule {
        table: "wechat_identities",
        column: "member_id",
        merging: Move("update wechat_identities set member_id = $1 where member_id = $2"),
        exporting: Under(
            "微信账号",
            "select coalesce(jsonb_agg(jsonb_build_object('来源', app, 'app_id', app_id, 'open_id', open_id,
                    'union_id', union_id, '绑定时间', linked_at) order by linked_at), '[]')
             from wechat_identities where member_id = $1",
        ),
        erasing: Remove("delete from wechat_identities where member_id = $1"),
    },
    Rule {
        table: "merge_offers",
        column: "kept_id",
        merging: End("delete from merge_offers where kept_id = $2"),
        exporting: Not(MOMENTARY),
        erasing: Remove("delete from merge_offers where kept_id = $1"),
    },
    Rule {
        table: "merge_offers",
        column: "absorbed_id",
        merging: End("delete from merge_offers where absorbed_id = $2"),
        exporting: Not(MOMENTARY),
        erasing: Remove("delete from merge_offers where absorbed_id = $1"),
    },
    Rule {
        table: "cart_lines",
        column: "cart_id",
        merging: Own("the lines go over as a visitor's do at a log-in"),
        exporting: Under(
            "购物车",
            "select coalesce(jsonb_agg(jsonb_build_object('门店', s.name, '商品', p.name, '规格', k.spec_values,
                    '选项', l.options, '数量', l.quantity, '加入时间', l.set_at, '分开收货', l.apart) order by l.set_at), '[]')
             from cart_lines l join members m on m.cart_id = l.cart_id join stores s on s.id = l.store_id
             join skus k on k.id = l.sku_id join products p on p.id = k.product_id where m.id = $1",
        ),
        erasing: Remove("delete from cart_lines using members m where m.cart_id = cart_lines.cart_id and m.id = $1"),
    },
    Rule {
        table: "orders",
        column: "member_id",
        merging: Move("update orders set member_id = $1 where member_id = $2"),
        exporting: Under(ORDERS, ORDERS_OF),
        // The notes are the member's own text, and may name anybody.
        erasing: Blank(
            "with asked as (
                 update cancel_requests set note = '' where order_id in (select id from orders where member_id = $1) and note <> ''
             )
             update orders set note = '' where member_id = $1 and note <> ''",
        ),
    },
    Rule {
        table: "early_holds",
        column: "member_id",
        merging: Move("update early_holds set member_id = $1 where member_id = $2"),
        exporting: Under(
            "占用过的商品",
            "select coalesce(jsonb_agg(jsonb_build_object('门店', s.name, '商品', p.name, '规格', k.spec_values,
                    '数量', h.quantity, '状态', h.state, '占用时间', h.held_at, '到期时间', h.expires_at) order by h.held_at), '[]')
             from early_holds h join stores s on s.id = h.location_id
             join skus k on k.id = h.sku_id join products p on p.id = k.product_id where h.member_id = $1",
        ),
        erasing: Stay("只含商品与数量；未结束的在注销时释放"),
    },
    Rule {
        table: "files",
        column: "member_id",
        merging: Move("update files set member_id = $1 where member_id = $2"),
        exporting: Under(
            "上传的文件",
            "select coalesce(jsonb_agg(jsonb_build_object('名称', name, '字节', byte_size, '上传时间', created_at)
                    order by created_at), '[]') from files where member_id = $1",
        ),
        erasing: Remove("delete from files where member_id = $1"),
    },
    Rule {
        table: "addresses",
        column: "member_id",
        // The kept account's default stays; too many are no harm, only no more are added.
        merging: Move("update addresses set member_id = $1, is_default = false where member_id = $2"),
        exporting: Under(
            "收货地址",
            "select coalesce(jsonb_agg(jsonb_build_object('收货人', a.name, '手机号', a.phone, '地区', r.name, '详细地址', a.detail,
                    '纬度', a.latitude, '经度', a.longitude, '默认', a.is_default, '保存时间', a.saved_at) order by a.saved_at), '[]')
             from addresses a join regions r on r.code = a.region_code where a.member_id = $1",
        ),
        erasing: Remove("delete from addresses where member_id = $1"),
    },
    Rule {
        table: "order_addresses",
        column: "order_id",
        merging: Own("the orders go over, and with each where it goes"),
        exporting: Within(ORDERS),
        erasing: Remove("delete from order_addresses a using orders o where o.id = a.order_id and o.member_id = $1"),
    },
    Rule {
        table: "after_sales",
        column: "member_id",
        merging: Move("update after_sales set member_id = $1 where member_id = $2"),
        exporting: Under(AFTER_SALES, AFTER_SALES_OF),
        // Notes are the member's own text, and may name anybody.
        erasing: Blank("update after_sales set note = '', appeal = '' where member_id = $1 and note || appeal <> ''"),
    },
    Rule {
        table: "after_sales_addresses",
        column: "after_sales_id",
        merging: Own("the requests go over, and with each where what comes in exchange goes"),
        exporting: Within(AFTER_SALES),
        erasing: Remove("delete from after_sales_addresses d using after_sales a where a.id = d.after_sales_id and a.member_id = $1"),
    },
    Rule {
        table: "after_sales_steps",
        column: "member_id",
        merging: Merging::Stay(APPEND_ONLY),
        exporting: Within(AFTER_SALES),
        erasing: Stay(APPEND_ONLY),
    },
    Rule {
        table: "order_steps",
        column: "member_id",
        merging: Merging::Stay(APPEND_ONLY),
        exporting: Within(ORDERS),
        erasing: Stay(APPEND_ONLY),
    },
    Rule {
        table: "movements",
        column: "actor_id",
        merging: Merging::Stay(APPEND_ONLY),
        exporting: Not("与订单、占用的商品是同一件事的库存记录"),
        erasing: Stay(APPEND_ONLY),
    },
];

/// A member's orders with their lines, steps and money.
const ORDERS_OF: &str = "
    select coalesce(jsonb_agg(jsonb_build_object(
        '订单号', o.number, '门店', s.name, '状态', o.state, '渠道', o.channel, '合计_分', o.total_fen, '备注', o.note, '方式', o.fulfilment, '运费_分', o.freight_fen,
        '收货', (select jsonb_build_object('收货人', a.name, '手机号', a.phone, '地区', a.region, '详细地址', a.detail)
            from order_addresses a where a.order_id = o.id),
        '取货开始', o.slot_start, '取货截止', o.slot_end, '下单时间', o.placed_at, '付款时间', o.paid_at, '取货码', o.pickup_code,
        '商品', (select coalesce(jsonb_agg(jsonb_build_object('名称', l.name, '规格', l.spec, '选项', l.options_text,
                '数量', l.quantity, '单价_分', l.unit_fen, '小计_分', l.total_fen) order by l.line), '[]')
            from order_lines l where l.order_id = o.id),
        '经过', (select coalesce(jsonb_agg(jsonb_build_object('事件', t.act, '状态', t.state, '时间', t.at, '说明', t.note)
                order by t.step), '[]') from order_steps t where t.order_id = o.id),
        '取消申请', (select coalesce(jsonb_agg(jsonb_build_object('原因', c.reason, '说明', c.note, '状态', c.state, '申请时间', c.asked_at,
                '门店答复', c.answer) order by c.asked_at), '[]') from cancel_requests c where c.order_id = o.id),
        '付款', (select coalesce(jsonb_agg(jsonb_build_object('渠道', p.gateway, '商户单号', p.out_trade_no,
                '交易号', p.transaction_id, '金额_分', h.amount_fen, '状态', p.state, '时间', p.paid_at) order by p.created_at), '[]')
            from payment_shares h join payments p on p.id = h.payment_id where h.order_id = o.id),
        '退款', (select coalesce(jsonb_agg(jsonb_build_object('退款单号', r.out_refund_no, '金额_分', r.amount_fen,
                '原因', r.reason, '状态', r.state, '到账时间', r.succeeded_at) order by r.wanted_at), '[]')
            from refunds r where r.order_id = o.id)
    ) order by o.placed_at desc), '[]')
    from orders o join stores s on s.id = o.store_id where o.member_id = $1";

/// A member's requests after the sale with their goods and steps.
const AFTER_SALES_OF: &str = "
    select coalesce(jsonb_agg(jsonb_build_object(
        '订单号', a.order_number, '门店', s.name, '类型', a.kind, '状态', a.state, '原因', a.reason, '说明', a.note,
        '仲裁理由', a.appeal, '退款_分', a.refund_fen, '售后码', a.code, '申请时间', a.requested_at,
        '换货寄到', (select jsonb_build_object('收货人', d.name, '手机号', d.phone, '地址', d.address)
            from after_sales_addresses d where d.after_sales_id = a.id),
        '商品', (select coalesce(jsonb_agg(jsonb_build_object('名称', l.name, '规格', l.spec, '数量', l.quantity,
                '实付_分', l.paid_fen, '退款_分', l.refund_fen, '换成', l.exchange_spec) order by l.line), '[]')
            from after_sales_lines l where l.after_sales_id = a.id),
        '经过', (select coalesce(jsonb_agg(jsonb_build_object('事件', t.act, '状态', t.state, '时间', t.at, '说明', t.note)
                order by t.step), '[]') from after_sales_steps t where t.after_sales_id = a.id)
    ) order by a.requested_at desc), '[]')
    from after_sales a join stores s on s.id = a.store_id where a.member_id = $1";
