"""The standard properties of companies; the notation is that of `contacts.py`."""

from __future__ import annotations

from sandbox.hubspot.standard.options import LIFECYCLE_DATES

COMPANIES = f"""
[companyinformation] Company information
name | Company name | string/text | f
domain | Company Domain Name | string/text | f
website | Website URL | string/text | f
phone | Phone Number | string/phonenumber | f
address | Street Address | string/text | f
address2 | Street Address 2 | string/text | f
city | City | string/text | f
state | State/Region | string/text | f
zip | Postal Code | string/text | f
country | Country/Region | string/text | f
hs_country_code | Country/Region Code | string/text | r
timezone | Time Zone | string/text | f
industry | Industry | enumeration/select | f | @industry
type | Type | enumeration/select | f | @company_type
description | Description | string/textarea | f
about_us | About Us | string/textarea | f
numberofemployees | Number of Employees | number/number | f
hs_employee_range | Employee range | string/text
annualrevenue | Annual Revenue | number/number | f
hs_revenue_range | Revenue range | string/text
total_money_raised | Total Money Raised | string/text | f
founded_year | Year Founded | string/text | f
is_public | Is Public | bool/booleancheckbox | f | @true_false
web_technologies | Web Technologies | enumeration/checkbox | x
hs_additional_domains | Additional Domains | enumeration/checkbox | x
hs_logo_url | Logo URL | string/text
hs_keywords | Keywords | enumeration/checkbox | x
lifecyclestage | Lifecycle Stage | enumeration/radio | f | @lifecyclestage
hs_lead_status | Lead Status | enumeration/radio | f | @lead_status
hubspot_owner_id | Company owner | enumeration/select | x
hubspot_owner_assigneddate | Owner Assigned Date | datetime/date | r
hubspot_team_id | HubSpot Team | enumeration/select | rx
hs_all_owner_ids | All Owner IDs | enumeration/checkbox | rhx
hs_parent_company_id | Parent Company | number/number | rc
hs_num_child_companies | Number of child companies | number/number | rc
closedate | Close Date | datetime/date | f
createdate | Create Date | datetime/date | r
hs_createdate | Object create date/time | datetime/date | rh
hs_lastmodifieddate | Last Modified Date | datetime/date | r
hs_object_id | Record ID | number/number | ru
hs_object_source | Record creation source | string/text | rh
hs_object_source_id | Record creation source ID | string/text | rh
hs_object_source_label | Record source | enumeration/select | r | @object_source
hs_object_source_user_id | Record creation source user ID | number/number | rh
hs_object_source_detail_1 | Record source detail 1 | string/text | r
hs_created_by_user_id | Created by user ID | number/number | r
hs_updated_by_user_id | Updated by user ID | number/number | r
hs_merged_object_ids | Merged Company IDs | enumeration/checkbox | rx
hs_pipeline | Pipeline | enumeration/select | rh | @companies_pipeline
hs_is_target_account | Target Account | bool/booleancheckbox | | @true_false
hs_ideal_customer_profile | Ideal Customer Profile Tier | enumeration/select | | @profile_tier
hs_was_imported | Record was imported | bool/booleancheckbox | rh | @yes_no
num_associated_contacts | Number of Associated Contacts | number/number | rc
num_associated_deals | Number of Associated Deals | number/number | rc
hs_num_open_deals | Number of open deals | number/number | rc
first_contact_createdate | First Contact Create Date | datetime/date | rc
first_deal_created_date | First Deal Created Date | datetime/date | rc
recent_deal_amount | Recent Deal Amount | number/number | rc
recent_deal_close_date | Recent Deal Close Date | datetime/date | rc
hs_total_deal_value | Total open deal value | number/number | rc
total_revenue | Total Revenue | number/number | rc
days_to_close | Days to Close | number/number | rc
{LIFECYCLE_DATES}
[socialmediainformation] Social media information
twitterhandle | Twitter Handle | string/text | f
twitterfollowers | Twitter Followers | number/number
linkedin_company_page | LinkedIn Company Page | string/text | f
linkedinbio | LinkedIn Bio | string/text | f
facebook_company_page | Facebook Company Page | string/text | f
facebookfans | Facebook Fans | number/number
googleplus_page | Google Plus Page | string/text | h
[analyticsinformation] Analytics history
hs_analytics_source | Original Traffic Source | enumeration/select | | @analytics_source
hs_analytics_source_data_1 | Original Traffic Source Drill-Down 1 | string/text | r
hs_analytics_source_data_2 | Original Traffic Source Drill-Down 2 | string/text | r
hs_analytics_first_timestamp | Time First Seen | datetime/date | r
hs_analytics_last_timestamp | Time Last Seen | datetime/date | r
hs_analytics_num_page_views | Number of Pageviews | number/number | r
hs_analytics_num_visits | Number of Sessions | number/number | r
num_conversion_events | Number of Form Submissions | number/number | r
[company_activity] Company activity
notes_last_contacted | Last Contacted | datetime/date | r
notes_last_updated | Last Activity Date | datetime/date | r
notes_next_activity_date | Next Activity Date | datetime/date | r
num_contacted_notes | Number of times contacted | number/number | r
num_notes | Number of Sales Activities | number/number | r
hs_last_sales_activity_timestamp | Last Engagement Date | datetime/date | r
"""
